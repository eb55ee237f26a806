package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// A server is a Redis on a loopback port that keeps nothing when it stops.
type server interface {
	start() error
	stop()
	String() string
}

// newServer returns a redis-server, or where that is not installed one in this process.
func newServer(addr string) server {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return &process{path: path, addr: addr}
	}
	return &inProcess{addr: addr}
}

// freeAddress returns a loopback address on which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// A process is a redis-server.
type process struct {
	path, addr string
	running    *exec.Cmd
}

func (p *process) String() string { return "redis-server" }

func (p *process) start() error {
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return err
	}
	p.running = exec.Command(p.path, "--bind", host, "--port", port, "--save", "", "--dir", os.TempDir())
	if err := p.running.Start(); err != nil {
		return err
	}
	for range 200 {
		conn, err := net.Dial("tcp", p.addr)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.stop()
	return errors.New("redis-server does not start")
}

func (p *process) stop() {
	p.running.Process.Kill()
	p.running.Wait()
}

// An inProcess server speaks the protocol of Redis.
type inProcess struct {
	addr    string
	running *miniredis.Miniredis
}

func (s *inProcess) String() string { return "a server in this process" }

func (s *inProcess) start() error {
	s.running = miniredis.NewMiniRedis()
	if err := s.running.StartAddr(s.addr); err != nil {
		return fmt.Errorf("starting a server in this process: %w", err)
	}
	return nil
}

func (s *inProcess) stop() { s.running.Close() }
