//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func startRedis(t *testing.T) (addr string) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no redis-server; .ci/servers installs it")
		}
		t.Skip("there is no redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return addr
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestTwoShareTheLimit: what two processes print adds up to the limit, and not to twice as
// much.
func TestTwoShareTheLimit(t *testing.T) {
	addr := startRedis(t)
	const length = 6 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), length+500*time.Millisecond)
	defer cancel()
	var outs [2]bytes.Buffer
	var ended sync.WaitGroup
	for i := range outs {
		ended.Go(func() {
			if err := run(ctx, addr, false, &outs[i]); err != nil {
				t.Error(err)
			}
		})
	}
	ended.Wait()
	total := 0
	for i := range outs {
		lines := strings.Split(strings.TrimSpace(outs[i].String()), "\n")
		if last := lines[len(lines)-1]; !strings.Contains(last, "connected, 2 processes, breaker closed") {
			t.Error(last)
		}
		for _, line := range lines {
			var n int
			if _, err := fmt.Sscanf(line, "%d succeeded", &n); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			total += n
		}
	}
	// The rate, its burst of 100, the leases of 200 ms, and the part that processes go ahead by.
	if most := 100*int(length.Seconds()+1) + 100 + 20 + 20; total > most || total < 450 {
		t.Errorf("%d calls in %v, at most %d:\n%s\n%s", total, length, most, outs[0].String(), outs[1].String())
	}
}
