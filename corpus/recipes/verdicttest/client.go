package verdicttest

import (
	"errors"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// Quick makes the retries of a client wait for next to nothing.
func Quick(client string) resil.Option {
	return resil.WithOverrides(resil.Overrides{client: {"retry": "initial=1ms max=2ms"}})
}

// Dead checks that calls of a dead backend are repeated, and that they open the breaker of
// the client, which has the client's name.
func Dead(t *testing.T, c *resil.Client, method string, call func() error) {
	t.Helper()
	var err error
	for range 6 {
		if err = call(); err == nil {
			t.Fatal("a call of a dead backend succeeded")
		}
	}
	stats := c.Stats()
	if m := stats.Method(method); m.Retries == 0 || m.Infrastructure == 0 || m.Application+m.Unknown > 0 {
		t.Errorf("a dead backend is not retried, or its errors are no failures: %+v", m)
	}
	if state := stats.Breaker(stats.Client).State; state != resil.StateOpen || !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker is %v, and the last error is %v", state, err)
	}
}

// Answers checks that calls which the backend answers with an error of the application are
// not repeated, and leave the breaker closed.
func Answers(t *testing.T, c *resil.Client, method string, call func() error) {
	t.Helper()
	const calls = 12
	for range calls {
		if err := call(); errors.Is(err, resil.ErrOpen) {
			t.Fatal("answers opened the breaker")
		}
	}
	stats := c.Stats()
	if m := stats.Method(method); m.Retries > 0 || m.Application != calls {
		t.Errorf("answers of the application are not seen as such, or repeated: %+v", m)
	}
	if state := stats.Breaker(stats.Client).State; state != resil.StateClosed {
		t.Errorf("the breaker is %v", state)
	}
}
