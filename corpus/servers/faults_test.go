//go:build linux

package servers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A guarded is a generated wrapper.
type guarded interface{ Resilience() *resil.Client }

// A table has the faults that were provoked, and is written at the end of the test.
type table struct{ rows []string }

func newTable(t *testing.T) *table {
	faults := new(table)
	t.Cleanup(func() { t.Logf("fault, classes of the attempts, error:\n%s", strings.Join(faults.rows, "\n")) })
	return faults
}

// faults provokes faults of one guarded client.
type faults[C guarded] struct {
	t    *testing.T
	name string // of the client and of its breaker
	open func(...resil.Option) (c C, end func(), err error)
	*table
}

// guard makes a guarded client without a history. Its retries wait for next to nothing,
// and an attempt may take as long as said.
func (f *faults[C]) guard(attempt time.Duration, breaker string, opts ...resil.Option) (C, func()) {
	f.t.Helper()
	opts = append(opts, resil.WithOverrides(resil.Overrides{f.name: {
		"retry":   "initial=1ms max=2ms",
		"timeout": fmt.Sprintf("%v attempt=%v", 4*attempt, attempt),
		"breaker": breaker,
	}}))
	c, end, err := f.open(opts...)
	if err != nil {
		f.t.Fatal(err)
	}
	return c, end
}

const usual = 20 * time.Second // for an attempt, on a machine that does other things too

// A sign is what must be seen of a fault.
type sign struct {
	method   string
	class    resil.Class
	or       resil.Class   // where it depends on who is first
	attempts uint64        // 1 where the call must not be repeated
	orOne    bool          // attempt: where it depends on who is first
	limit    time.Duration // of an attempt; the usual one if zero
	text     string        // that the error has in it
}

// provoke makes one call, of a new wrapper without a history, and checks its attempts.
func (f *faults[C]) provoke(fault string, want sign, call func(C) error) {
	f.t.Helper()
	limit := want.limit
	if limit == 0 {
		limit = usual
	}
	events := make(chan resil.Event, 100)
	c, end := f.guard(limit, "open=30s", resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventAttemptEnded && e.Method == want.method {
			events <- e
		}
	}))
	defer end()
	err := call(c)
	m := c.Resilience().Stats().Method(want.method)
	seen := map[resil.Class]uint64{}
	for class, n := range map[resil.Class]uint64{
		resil.Success: m.Success, resil.Application: m.Application, resil.Infrastructure: m.Infrastructure,
		resil.SystemFault: m.System, resil.Throttled: m.Throttled, resil.Unknown: m.Unknown,
	} {
		if n > 0 {
			seen[class] = n
		}
	}
	f.rows = append(f.rows, fmt.Sprintf("%-28s %-22s %.130s", fault, strings.TrimPrefix(fmt.Sprint(seen), "map"), strings.ReplaceAll(fmt.Sprint(err), "\n", " ")))
	switch {
	case err == nil:
		f.t.Errorf("%s: there is no error", fault)
	case want.text != "" && !strings.Contains(err.Error(), want.text):
		f.t.Errorf("%s: the error is another one than %q: %v", fault, want.text, err)
	case m.Attempts != want.attempts && !(want.orOne && m.Attempts == 1) || seen[want.class]+seen[want.or] != m.Attempts:
		f.t.Errorf("%s: %v, want %d of %v: %T %v", fault, seen, want.attempts, want.class, err, err)
	}
	for range m.Attempts {
		select {
		case e := <-events:
			if e.Class != want.class && e.Class != want.or {
				f.t.Errorf("%s: an attempt was seen as %v: %v", fault, e.Class, e.Err)
			}
		case <-time.After(patience):
			f.t.Fatalf("%s: an attempt was not seen", fault)
		}
	}
}

// answers checks that however many errors are answers, the breaker stays closed.
func (f *faults[C]) answers(call func(C) error) {
	f.t.Helper()
	c, end := f.guard(usual, "open=30s")
	defer end()
	for range 25 {
		if err := call(c); err == nil || errors.Is(err, resil.ErrOpen) {
			f.t.Fatalf("an answer is %v", err)
		}
	}
	if state := c.Resilience().Stats().Breaker(f.name).State; state != resil.StateClosed {
		f.t.Errorf("after answers the breaker is %v", state)
	}
}

// outage checks that the breaker opens while the server is down, and that calls succeed
// again when it is back.
func (f *faults[C]) outage(attempt time.Duration, down, up func(), call func(C) error) {
	f.t.Helper()
	c, end := f.guard(attempt, "open=500ms")
	defer end()
	state := func() resil.State { return c.Resilience().Stats().Breaker(f.name).State }
	if err := call(c); err != nil {
		f.t.Fatalf("before the outage: %v", err)
	}
	down()
	var err error
	for range 60 {
		if err = call(c); errors.Is(err, resil.ErrOpen) {
			break
		}
	}
	if !errors.Is(err, resil.ErrOpen) {
		f.t.Errorf("the breaker does not open, it is %v: %v", state(), err)
	}
	up()
	eventually(f.t, func(context.Context) error { return call(c) })
	eventually(f.t, func(context.Context) error {
		if err := call(c); err != nil {
			return err
		}
		if state() != resil.StateClosed {
			return fmt.Errorf("the breaker is %v", state())
		}
		return nil
	})
}

// during runs f while call runs, as soon as begun says that the server has got it.
func during(t *testing.T, begun func(context.Context) error, f func(), call func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	eventually(t, begun)
	f()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("the call does not end")
		return nil
	}
}
