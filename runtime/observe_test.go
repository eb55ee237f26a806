package resil

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A guard that observes, and one that is bypassed, behave alike.
func TestObserveAndBypassCountAndNeverRefuse(t *testing.T) {
	for _, mode := range []struct {
		name  string
		scope Scope
		ctx   context.Context
	}{
		{"observe", Scope{Mode: ModeObserve}, context.Background()},
		{"bypass", Scope{}, Bypass(context.Background())},
	} {
		t.Run(mode.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withAll(
					withBreaker(func(b *Breaker) { b.Scope = mode.scope }),
					withLimit(Limit{Rate: Rate{Count: 5, Per: time.Hour}, Wait: time.Minute, Scope: mode.scope}),
					withBulkhead(Bulkhead{Calls: 1, Wait: time.Minute, Scope: mode.scope})))
				start := time.Now()
				Run(mode.ctx, m, func(ctx context.Context) error {
					return Run(ctx, m, succeed) // the bulkhead has one place
				})
				for range 5 {
					Run(mode.ctx, m, fail)
				}
				wantState(t, c, StateOpen)
				for range 3 {
					if err := Run(mode.ctx, m, succeed); err != nil {
						t.Errorf("refused: %v", err)
					}
				}
				s := c.Stats().Method("Get")
				// Open refuses before a token is asked for: 7 calls asked for 5 tokens
				// while it was closed, 3 more after it had opened.
				if s.WouldFull != 1 || s.WouldLimit != 5 || s.WouldOpen != 3 {
					t.Errorf("WouldFull %d, WouldLimit %d, WouldOpen %d; want 1, 5, 3", s.WouldFull, s.WouldLimit, s.WouldOpen)
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("waited %v", took)
				}
			})
		})
	}
}

func TestWhatAnObservingBreakerLetsThroughIsUnrecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Mode = ModeObserve }))
		trip(t, c, m)
		before := c.Stats().Breaker("Store")
		for range 10 {
			Run(t.Context(), m, succeed)
		}
		if s := c.Stats().Breaker("Store"); s != before {
			t.Errorf("the breaker went from %+v to %+v", before, s)
		}
		time.Sleep(33 * time.Second)
		Run(t.Context(), m, succeed)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed) // it probes as one that enforces
	})
}

func TestWhatABypassedBreakerLetsThroughIsUnrecorded(t *testing.T) {
	c, m := newMethod(t, withBreaker(func(*Breaker) {}))
	c.Breaker("Store").ForceOpen()
	before := c.Stats().Breaker("Store")
	if err := Run(Bypass(context.Background()), m, fail); err != errDown {
		t.Errorf("got %v, want the callee's own error", err)
	}
	if s := c.Stats().Breaker("Store"); s != before {
		t.Errorf("the breaker went from %+v to %+v", before, s)
	}
}

func TestOnlyWhatReachesTheCalleeCountsAsLetThrough(t *testing.T) {
	c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Mode = ModeObserve }), withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}})))
	c.Breaker("Store").ForceOpen()
	Run(context.Background(), m, succeed)
	for range 2 {
		if err := Run(context.Background(), m, succeed); !errors.Is(err, ErrLimited) {
			t.Errorf("got %v, want ErrLimited", err)
		}
	}
	if s := c.Stats().Method("Get"); s.Attempts != 1 || s.WouldOpen != 1 {
		t.Errorf("WouldOpen %d of %d attempts, want 1 of 1", s.WouldOpen, s.Attempts)
	}
}
