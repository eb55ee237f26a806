package resil

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// What users of such libraries report of circuit breakers. Each test is one line of
// that list.

// autoBreaker is a breaker with the defaults of the directive.
func autoBreaker(set func(*Breaker)) func(*Spec, *MethodSpec) {
	return breaker(func(b *Breaker) { b.Consecutive = ConsecutiveAuto; set(b) })
}

// F4. Five failures in a row overrule a ratio of 50 %: with 20 % of failures at 1,000
// calls a second, 91 % of the calls were refused.
func TestLessonF4_StreakDoesNotOverruleTheRatio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, autoBreaker(func(*Breaker) {}))
		rng := rand.New(rand.NewPCG(1, 2))
		refused := 0
		const n = 300_000 // five minutes
		for range n {
			err := Run(t.Context(), m, func(context.Context) error {
				if rng.Float64() < 0.2 {
					return errDown
				}
				return nil
			})
			if errors.Is(err, ErrOpen) {
				refused++
			}
			time.Sleep(time.Millisecond)
		}
		if refused > n/10 {
			t.Errorf("%d of %d calls were refused, opened %d times", refused, n, c.Stats().Breaker("Store").Opened)
		}
	})
}

// F4. One lost connection with five calls on it, at 1,000 calls a second, was 30 s of
// refusals.
func TestLessonF4_ALostConnectionOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, autoBreaker(func(*Breaker) {}))
		for range 120 {
			for range 1000 {
				Run(t.Context(), m, succeed)
				time.Sleep(time.Millisecond)
			}
			for range 5 {
				Run(t.Context(), m, fail)
			}
			wantState(t, c, StateClosed)
		}
	})
}

// F17. Newcomers that fail, in the instance that keys without a place share, shut good
// new keys out.
func TestLessonF17_FailingNewcomersShutNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 4
		c, get := perPeer(t, keys)
		for i := range keys {
			Run(t.Context(), get.For(fmt.Sprint("known", i)), fail)
		}
		for i := range 1000 {
			Run(t.Context(), get.For(fmt.Sprint("bad", i)), fail)
			if err := Run(t.Context(), get.For(fmt.Sprint("good", i)), succeed); err != nil {
				t.Fatalf("after %d bad newcomers a good one got %v", i+1, err)
			}
		}
		if b := c.Stats().Breaker("Store"); b.Overflowed != 2000 {
			t.Errorf("%d calls shared, want 2000", b.Overflowed)
		}
	})
}

// F18. "Retry-After: 3600" to one probe kept a breaker with open=1s open for an hour.
func TestLessonF18_AHintIsBelievedUpToABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(b *Breaker) { b.Open = time.Second }))
		trip(t, c, m)
		time.Sleep(1100 * time.Millisecond)
		Run(t.Context(), m, func(context.Context) error { return Throttle(errors.New("429"), time.Hour) })
		wantState(t, c, StateOpen)
		time.Sleep(10 * time.Second)
		wantState(t, c, StateHalfOpen)
	})
}

// F20. In an outage of a day there was a probe each 30 s to the end, 2,834 of them.
func TestLessonF20_ALongOutageIsProbedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(b *Breaker) { b.OpenMax = 10 * time.Minute }))
		trip(t, c, m)
		probes := 0
		var longest time.Duration
		last := time.Now()
		for end := time.Now().Add(24 * time.Hour); time.Now().Before(end); time.Sleep(time.Second) {
			Run(t.Context(), m, func(context.Context) error {
				probes++
				longest, last = max(longest, time.Since(last)), time.Now()
				return errDown
			})
		}
		if probes > 175 || longest > 11*time.Minute+time.Second {
			t.Errorf("%d probes, up to %v apart; want some 150, up to 11m", probes, longest)
		}
		time.Sleep(11 * time.Minute)
		Run(t.Context(), m, succeed)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
		trip(t, c, m) // the next outage starts anew
		if left := c.Stats().Breaker("Store").RetryAfter; left > 33*time.Second {
			t.Errorf("open for %v after it had been closed, want 30s", left)
		}
	})
}

// F20. After closing, everything came at once.
func TestLessonF20_LoadComesBackSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(b *Breaker) { b.Ramp = 20 * time.Second }))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range testBreaker.Probes {
			Run(t.Context(), m, succeed)
		}
		wantState(t, c, StateClosed)
		var admitted [25]int // of 1,000 calls, by second
		for second := range admitted {
			for range 1000 {
				err := Run(t.Context(), m, succeed)
				var e *Error
				switch {
				case err == nil:
					admitted[second]++
				case !errors.As(err, &e) || e.Reason != ErrOpen || e.RetryAfter() <= 0 || e.RetryAfter() > 10*time.Second:
					t.Fatalf("got %v, want ErrOpen with some seconds to wait", err)
				}
				time.Sleep(time.Millisecond)
			}
		}
		for second, n := range admitted {
			want := min(50*second+25, 1000) // the middle of a share that grows by 5 % a second
			if n < want-3 || n > want+3 {
				t.Errorf("second %d: %d of 1000 calls were admitted, want %d", second, n, want)
			}
		}
		if s := c.Stats().Method("Get"); s.Open < 9_990 || s.Open > 10_000 {
			t.Errorf("%d calls in the books as refused, want half of 20,000", s.Open)
		}
	})
}

// F21. Nine failures, and then a success that fills the minimum: the ratio was
// exceeded by far, and the breaker stayed closed until the next failure.
func TestLessonF21_ASuccessThatFillsTheMinimumOpens(t *testing.T) {
	for _, tt := range []struct {
		min     int
		results string // f for a failure, s for a success
	}{{4, "sffs"}, {10, "fffffffffs"}} {
		c, m := one(t, breaker(func(b *Breaker) { b.Consecutive, b.Min = 0, tt.min }))
		for i, result := range tt.results {
			wantState(t, c, StateClosed)
			f := succeed
			if result == 'f' {
				f = fail
			}
			if err := Run(context.Background(), m, f); errors.Is(err, ErrOpen) {
				t.Errorf("%s: call %d got %v", tt.results, i, err)
			}
		}
		wantState(t, c, StateOpen)
		if o := c.Stats().Breaker("Store").Opening; o.Rule != RuleRatio || o.Successes+o.Failures != uint64(tt.min) {
			t.Errorf("%s: opened for %+v", tt.results, o)
		}
	}
}
