//go:build linux

package resilredis

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A process is a server of Redis that ends with the test.
type process struct {
	t    *testing.T
	addr string
	args []string
	cmd  *exec.Cmd
}

// startRedis starts a server on the loopback interface, and returns a client for what the test
// does to it.
func startRedis(t *testing.T, args ...string) (*process, *redis.Client) {
	t.Helper()
	t.Parallel() // most of the time, tests wait
	return startServer(t, args...)
}

func startServer(t *testing.T, args ...string) (*process, *redis.Client) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no redis-server; .ci/servers installs it")
		}
		t.Skip("there is no redis-server")
	}
	p := &process{t: t, addr: freeAddr(t)}
	_, port, _ := net.SplitHostPort(p.addr)
	p.args = append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no",
		"--enable-debug-command", "yes"}, args...)
	admin := redis.NewClient(&redis.Options{Addr: p.addr, DialTimeout: time.Minute, ReadTimeout: time.Minute})
	t.Cleanup(func() { admin.Close() })
	t.Cleanup(p.kill)
	p.start()
	eventually(t, func() error { return admin.Ping(t.Context()).Err() })
	return p, admin
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command("redis-server", p.args...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// hang stops the server in what it does, until resume.
func (p *process) hang() {
	p.cmd.Process.Signal(syscall.SIGSTOP)
	eventually(p.t, func() error {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		for _, thread := range threads {
			var pid int
			var name, state string
			text, _ := os.ReadFile(thread)
			if fmt.Sscan(string(text), &pid, &name, &state); state != "T" && name != "" && state != "" {
				return fmt.Errorf("%s is in state %s", thread, state)
			}
		}
		return nil
	})
}

func (p *process) resume() { p.cmd.Process.Signal(syscall.SIGCONT) }

// patience is for machines that are busy with other things.
const patience = 60 * time.Second

// eventually calls f until it returns no error.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %v: %v", patience, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// becomes waits until f returns want.
func becomes[T comparable](t *testing.T, what string, want T, f func() T) {
	t.Helper()
	eventually(t, func() error {
		if got := f(); got != want {
			return fmt.Errorf("%s: %v, want %v", what, got, want)
		}
		return nil
	})
}

// A proxy stands before a server. It delays what passes, or swallows it.
type proxy struct {
	net.Listener
	upstream string
	mu       sync.Mutex
	delay    time.Duration
	swallow  bool
	ended    sync.WaitGroup
	conns    []net.Conn
}

func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, upstream: upstream}
	p.ended.Go(func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			upstream := p.upstream
			p.mu.Unlock()
			up, err := net.Dial("tcp", upstream)
			if err != nil {
				down.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, down, up)
			p.mu.Unlock()
			p.ended.Go(func() { p.copy(up, down) })
			p.ended.Go(func() { p.copy(down, up) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.ended.Wait()
	})
	return p
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) set(delay time.Duration, swallow bool) {
	p.mu.Lock()
	p.delay, p.swallow = delay, swallow
	p.mu.Unlock()
}

// move has connections go to another server from now on.
func (p *proxy) move(upstream string) {
	p.mu.Lock()
	p.upstream = upstream
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		delay, swallow := p.delay, p.swallow
		p.mu.Unlock()
		time.Sleep(delay)
		if n > 0 && !swallow {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func newFleet(t *testing.T, addr string, opts ...Option) *Fleet {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	f := New(client, opts...)
	client.Close() // the fleet has its own
	t.Cleanup(func() {
		begin := time.Now()
		f.Close()
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
	return f
}
