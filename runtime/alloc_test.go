package resil

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The closure must be as a generated method has it: its own variables captured.
func generatedGet(ctx context.Context, m *Method, id string, next func(context.Context, string) (int, error)) (int, error) {
	return Call(ctx, m, func(ctx context.Context) (int, error) { return next(ctx, id) })
}

func TestSuccessAllocatesNothing(t *testing.T) {
	c := newClient(t, fullSpec())
	m, ctx := c.Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("Call: %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		var v int
		Run(ctx, m, func(ctx context.Context) (err error) { v, err = next(ctx, "a"); _ = v; return err })
	}); n != 0 {
		t.Errorf("Run: %v allocations, want 0", n)
	}
}

func TestObservedSuccessAllocatesNothing(t *testing.T) {
	m, ctx := newClient(t, fullSpec(), WithObserver(func(context.Context, Event) {})).Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestTimeoutCostsNothingUnderANearerDeadline(t *testing.T) {
	spec := fullSpec()
	spec.Methods[0].Timeout = &Timeout{Total: time.Hour, Attempt: time.Minute}
	spec.Methods[0].Breaker = &Breaker{Name: "Store", Consecutive: 5, Window: time.Hour, Open: time.Second, Probes: 1, Min: 1}
	m := newClient(t, spec).Method("Get")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestRefusalAllocatesNothing(t *testing.T) {
	limited := fullSpec()
	limited.Methods[0].Limit = &Limit{Name: "Store", Rate: Rate{Count: 1, Per: time.Hour}}
	for _, tt := range []struct {
		name   string
		spec   Spec
		ready  func(*Client, func() error)
		reason error
	}{
		{"open", fullSpec(), func(c *Client, _ func() error) { c.Breaker("Store").ForceOpen() }, ErrOpen},
		{"limited", limited, func(_ *Client, call func() error) { call() }, ErrLimited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, tt.spec)
			m, ctx := c.Method("Get"), context.Background()
			next := func(context.Context, string) (int, error) { return 42, nil }
			call := func() error { _, err := generatedGet(ctx, m, "a", next); return err }
			tt.ready(c, call)
			if err := call(); !errors.Is(err, tt.reason) {
				t.Fatalf("got %v, want %v", err, tt.reason)
			}
			if n := testing.AllocsPerRun(1000, func() { call() }); n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}
