package resil

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// closeAgain has an open breaker's probes succeed.
func closeAgain(t testing.TB, c *Client, m *Method) {
	t.Helper()
	time.Sleep(c.Stats().Breaker("Store").RetryAfter)
	for c.Breaker("Store").State() == StateHalfOpen {
		Run(context.Background(), m, succeed)
	}
	wantState(t, c, StateClosed)
}

func TestOnlyClosingBeginsARamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ramp = time.Hour }))
		everything := func(when string) {
			t.Helper()
			for range 100 {
				if err := Run(t.Context(), m, succeed); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
			}
		}
		everything("new")
		trip(t, c, m)
		closeAgain(t, c, m)
		time.Sleep(time.Second)
		if share := c.Stats().Breaker("Store").Ramp; share != hundredPercent/3600 {
			t.Errorf("after a second of an hour %v is admitted", share)
		}
		c.Breaker("Store").Reset()
		everything("reset")
		if share := c.Stats().Breaker("Store").Ramp; share != 0 {
			t.Errorf("a ramp of %v after a reset", share)
		}
		trip(t, c, m)
		closeAgain(t, c, m)
		time.Sleep(time.Hour)
		everything("after the ramp")
	})
}

func TestAFailureOnTheRampCountsAsUsual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ramp, b.Probes = time.Minute, 5 }))
		trip(t, c, m)
		closeAgain(t, c, m)
		trip(t, c, m) // the first calls are admitted, as many as there are probes
		if s := c.Stats().Breaker("Store"); s.Opened != 2 || s.Opening.Rule != RuleConsecutive || s.RetryAfter > 33*time.Second {
			t.Errorf("stats %+v, want it opened by failures in a row", s)
		}
	})
}

// Of any number of calls at any times a ramp admits the sum of their shares, and the
// probes. It takes no token and no place for those that it refuses.
func TestARampAdmitsItsShare(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		length := sampled(rt, "ramp", time.Nanosecond, 17*time.Millisecond, 20*time.Second, 1000*time.Hour)
		probes := rapid.IntRange(1, 5).Draw(rt, "probes")
		pauses := rapid.SliceOfN(rapid.Int64Range(0, int64(length/20)), 1, 200).Draw(rt, "pauses")
		inBubble(t, rt, func(t *testing.T) error {
			c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Ramp, b.Probes = length, probes }),
				withLimit(Limit{Rate: Rate{Count: 1, Per: 1_000_000 * time.Hour}, Burst: 1_000})))
			trip(t, c, m)
			closeAgain(t, c, m)
			tokens := m.limiter.bucket.TokensAt(m.limiter.at(m.limiter.now()))
			began, want, admitted := time.Now(), float64(probes), 0
			for i, pause := range pauses {
				time.Sleep(time.Duration(pause))
				want += min(time.Since(began).Seconds()/length.Seconds(), 1)
				if Run(t.Context(), m, succeed) == nil {
					admitted++
				}
				if most := min(want, float64(i+1)); float64(admitted) > most+0.01 {
					return fmt.Errorf("%d of %d calls were admitted, want at most %.2f", admitted, i+1, most)
				}
			}
			if least := min(want, float64(len(pauses))) - 1; float64(admitted) < least-0.01 {
				return fmt.Errorf("%d of %d calls were admitted, want %.2f at least", admitted, len(pauses), least)
			}
			if taken := tokens - m.limiter.bucket.TokensAt(m.limiter.at(m.limiter.now())); int(taken+0.5) != admitted {
				return fmt.Errorf("%.2f tokens taken for %d calls", taken, admitted)
			}
			return nil
		})
	})
}

// Callers at the same time share what one caller could get.
func TestARampUnderConcurrency(t *testing.T) {
	r := &ramp{length: 1000}
	var admitted atomic.Int64
	var wg sync.WaitGroup
	const callers, each = 8, 10_000
	for range callers {
		wg.Go(func() {
			for range each {
				if !r.refuses(250) && r.admit(250) {
					admitted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := admitted.Load(); n < callers*each/4-1 || n > callers*each/4 {
		t.Errorf("%d of %d were admitted, want a quarter", n, callers*each)
	}
}

func TestRefusalOfARampIsAnErrOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ramp = 20 * time.Second }))
		trip(t, c, m)
		closeAgain(t, c, m)
		var refused []*Error
		for range 3 {
			var e *Error
			for !errors.As(Run(t.Context(), m, succeed), &e) {
			}
			refused = append(refused, e)
		}
		e := refused[0]
		if e.Reason != ErrOpen || e.RetryAfter() != 10*time.Second || e != refused[2] {
			t.Errorf("got %v, want one error for all that says half of the ramp", e)
		}
		time.Sleep(12 * time.Second)
		if e.RetryAfter() != 4*time.Second {
			t.Errorf("later it says %v, want half of what is left", e.RetryAfter())
		}
		time.Sleep(9 * time.Second)
		if e.RetryAfter() != 0 {
			t.Errorf("after the ramp it says %v", e.RetryAfter())
		}
	})
}

func TestWhatARampRefusesPassesAnObservingBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ramp, b.Mode = time.Hour, ModeObserve }))
		trip(t, c, m)
		closeAgain(t, c, m)
		before := c.Stats().Breaker("Store").Successes
		for range 10 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Fatal(err)
			}
		}
		if s := c.Stats(); s.Method("Get").WouldOpen != 8 || s.Breaker("Store").Successes != before+2 {
			t.Errorf("stats %+v, %+v; want 2 admitted and 8 let through", s.Method("Get"), s.Breaker("Store"))
		}
	})
}
