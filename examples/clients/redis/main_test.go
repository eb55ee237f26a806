package main

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReport(t *testing.T) {
	addr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("redis-server", func(t *testing.T) {
		s := newServer(addr)
		if _, ok := s.(*process); !ok && os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed")
		} else if !ok {
			t.Skip("redis-server is not installed")
		}
		testReport(t, s, addr)
	})
	t.Run("in process", func(t *testing.T) { testReport(t, &inProcess{addr: addr}, addr) })
}

func testReport(t *testing.T, s server, addr string) {
	var out bytes.Buffer
	err := run(&out, s, addr)
	t.Logf("%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`attempt 2 failed, the next in \d+m?s: infrastructure: dial tcp .* connection refused\n`,
		`Cache\.Get: all attempts failed \(3 attempts made\): `,
		`breaker Cache: closed → open\n`,
		`INCR visits, after \d+m?s: Cache\.Incr: circuit breaker is open, retry after [\d.]+m?s\n`,
		`breaker Cache: half-open → closed\n`,
		` Get +6 +2 +2 +1 +9 +3 +0 +1\n`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("the output does not match %s", want)
		}
	}
}
