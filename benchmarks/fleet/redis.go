//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// A server is a redis-server that ends with this program.
type server struct {
	addr  string
	dir   string
	cmd   *exec.Cmd
	admin *redis.Client
}

func startServer() (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{addr: l.Addr().String()}
	l.Close()
	if s.dir, err = os.MkdirTemp("", "fleet"); err != nil {
		return nil, err
	}
	s.admin = redis.NewClient(&redis.Options{Addr: s.addr, ReadTimeout: time.Minute})
	if err := s.start(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// start starts the server with nothing in it, and waits until it answers.
func (s *server) start() error {
	_, port, _ := net.SplitHostPort(s.addr)
	s.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return eventually("redis-server answers", func() error { return s.admin.Ping(context.Background()).Err() })
}

func (s *server) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

func (s *server) close() {
	s.kill()
	s.admin.Close()
	os.RemoveAll(s.dir)
}

// version is that of redis-server.
func (s *server) version() string {
	info := s.admin.Info(context.Background(), "server").Val()
	_, rest, _ := strings.Cut(info, "redis_version:")
	version, _, _ := strings.Cut(rest, "\r\n")
	return version
}

// trips is how many scripts Redis has run for its clients: one for each ask, and one a second
// for each process.
func (s *server) trips() (n int) {
	info := s.admin.Info(context.Background(), "commandstats").Val()
	_, rest, _ := strings.Cut(info, "cmdstat_evalsha:")
	fmt.Sscanf(rest, "calls=%d", &n)
	return n
}

// startProxy starts a proxy before the server.
func (s *server) startProxy() (*toxiproxy.Proxy, error) {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(api, "redis", "127.0.0.1:0", s.addr)
	return p, p.Start()
}

// patience is for machines that are busy with other things.
const patience = time.Minute

// eventually calls f until it returns no error.
func eventually(what string, f func() error) error {
	end := time.Now().Add(patience)
	for {
		err := f()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: not after %v: %w", what, patience, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
