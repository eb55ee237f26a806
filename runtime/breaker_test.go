package resil

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// trip makes calls until the circuit has opened.
func trip(t testing.TB, c *Client, m *Method) {
	t.Helper()
	for range 100 {
		if c.Breaker("Store").State() == StateOpen {
			return
		}
		Run(context.Background(), m, fail)
	}
	t.Fatal("100 failures did not open the breaker")
}

func wantState(t testing.TB, c *Client, want State) {
	t.Helper()
	if got := c.Breaker("Store").State(); got != want {
		t.Fatalf("breaker is %v, want %v", got, want)
	}
}

func TestBreakerCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		for range 4 {
			Run(t.Context(), m, fail)
		}
		wantState(t, c, StateClosed)
		Run(t.Context(), m, fail)
		wantState(t, c, StateOpen)

		err := Run(t.Context(), m, succeed)
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrOpen || e.Method != "Store.Get" || e.Attempts != 0 {
			t.Errorf("got %v, want ErrOpen of Store.Get without an attempt", err)
		}
		// Open for 30 s, 10 % more or less.
		if left := e.RetryAfter(); left < 27*time.Second || left > 33*time.Second {
			t.Errorf("RetryAfter %v, want 30s ± 10%%", left)
		}
		time.Sleep(e.RetryAfter() - 1)
		wantState(t, c, StateOpen)
		time.Sleep(time.Nanosecond)
		wantState(t, c, StateHalfOpen) // by the clock alone

		Run(t.Context(), m, succeed)
		wantState(t, c, StateHalfOpen)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
		if s := c.Stats().Breaker("Store"); s.Opened != 1 || s.Failures != 0 || s.LastError != errDown {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestFirstFailedProbeReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		Run(t.Context(), m, succeed)
		Run(t.Context(), m, fail)
		wantState(t, c, StateOpen)
	})
}

func TestRatioIsExact(t *testing.T) {
	for _, tt := range []struct {
		ratio               Ratio
		successes, failures int
		want                State
	}{
		{50 * Percent, 101, 99, StateClosed}, // 49.5 % is not 50 %
		{50 * Percent, 100, 100, StateOpen},
		{4000 * PPM, 996, 4, StateOpen}, // 0.4 % is not 0
		{4000 * PPM, 997, 3, StateClosed},
		{50 * Percent, 0, 9, StateClosed}, // below min
		{50 * Percent, 5, 5, StateOpen},
		{10 * Percent, 27, 3, StateOpen}, // 3 of 30, which floats miss
	} {
		t.Run(fmt.Sprintf("%d of %d at %v", tt.failures, tt.successes+tt.failures, tt.ratio), func(t *testing.T) {
			c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 0; b.Ratio = tt.ratio }))
			for range tt.successes {
				Run(context.Background(), m, succeed)
			}
			for range tt.failures {
				Run(context.Background(), m, fail)
			}
			wantState(t, c, tt.want)
		})
	}
}

func TestWindowForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 0 }))
		for range 10_000 {
			Run(t.Context(), m, succeed)
		}
		time.Sleep(61 * time.Second)
		for range 10 {
			Run(t.Context(), m, fail)
		}
		wantState(t, c, StateOpen) // a lifetime's successes do not hide an outage
	})
}

func TestStreakOutlivesTheWindowsBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ratio = 0; b.Window = time.Second; b.Open = time.Minute }))
		for range 4 {
			Run(t.Context(), m, fail)
			time.Sleep(900 * time.Millisecond)
		}
		wantState(t, c, StateClosed)
		Run(t.Context(), m, fail)
		wantState(t, c, StateOpen)
	})
}

func TestStreakLapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ratio = 0 }))
		for range 4 {
			Run(t.Context(), m, fail)
		}
		time.Sleep(61 * time.Second) // longer than window and open
		if s := c.Stats().Breaker("Store"); s.Streak != 0 {
			t.Errorf("streak %d after a quiet minute, want 0", s.Streak)
		}
		Run(t.Context(), m, fail)
		wantState(t, c, StateClosed)
		if s := c.Stats().Breaker("Store"); s.Streak != 1 {
			t.Errorf("streak %d, want 1", s.Streak)
		}
	})
}

func TestStreakLastsWhileCallsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ratio = 0 }))
		for range 5 {
			for range 3 { // longer, together, than window and open
				time.Sleep(25 * time.Second)
				Run(t.Context(), m, func(context.Context) error { return Throttle(errors.New("busy"), 0) })
			}
			wantState(t, c, StateClosed)
			Run(t.Context(), m, fail)
		}
		wantState(t, c, StateOpen)
	})
}

func TestWhatCountsAgainstTheBreaker(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want State
	}{
		{"infrastructure", errDown, StateOpen},
		{"application", errNotFound, StateClosed},
		{"system", System(errors.New("certificate expired")), StateOpen},
		{"throttled", Throttle(errors.New("busy"), 0), StateClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, m := newMethod(t, withBreaker(func(*Breaker) {}))
			for range 20 {
				Run(context.Background(), m, (&callee{answers: []error{tt.err}}).call)
			}
			wantState(t, c, tt.want)
		})
	}
}

func TestApplicationErrorIsASuccessForTheBreaker(t *testing.T) {
	c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ratio = 0 }))
	for range 4 {
		Run(context.Background(), m, fail)
	}
	Run(context.Background(), m, func(context.Context) error { return errNotFound })
	for range 4 {
		Run(context.Background(), m, fail)
	}
	wantState(t, c, StateClosed)
}

func TestErrorThatAClassifierCallsSuccessIsASuccessForTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), func(_ *Spec, m *MethodSpec) {
			m.Classify = []Classifier{ClassifierOf(func(error) Class { return Success })}
		}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 2 {
			Run(t.Context(), m, func(context.Context) error { return errOdd })
		}
		wantState(t, c, StateClosed)
	})
}

func TestCancellationCountsForNothing(t *testing.T) {
	cancelled := func(m *Method) {
		ctx, cancel := context.WithCancel(context.Background())
		Run(ctx, m, func(ctx context.Context) error { cancel(); return errDown })
	}
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1; b.Probes = 1 }))
		for range 50 {
			cancelled(m)
		}
		wantState(t, c, StateClosed)
		if s := c.Stats(); s.Method("Get").Canceled != 50 || s.Breaker("Store").Failures != 0 {
			t.Errorf("stats %+v", s)
		}
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		cancelled(m)
		wantState(t, c, StateHalfOpen) // neither closed nor open, and the slot is back
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
	})
}

// The caller may give up while the runtime finds out how an attempt has ended.
func TestCancellationAtAnyMomentIsOneOrComesTooLate(t *testing.T) {
	for reads := range int64(8) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1 }))
		ctx := &doomed{Context: context.Background()}
		ctx.asked.Store(2 - reads) // it is found alive so many times
		Run(ctx, m, fail)
		s, b := c.Stats().Method("Get"), c.Stats().Breaker("Store")
		canceled := s.Canceled == 1 && s.Infrastructure == 0 && b.State == StateClosed && b.Failures == 0
		late := s.Failed == 1 && s.Infrastructure == 1 && b.State == StateOpen
		if !canceled && !late {
			t.Errorf("canceled after %d readings: stats %+v, %+v", reads, s, b)
		}
	}
}

func TestNoSignalIsNoSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		silent := func() {
			m.breaker.execute(t.Context(), func() (struct{}, error) { return struct{}{}, signalNone })
		}
		for range 4 {
			Run(t.Context(), m, fail)
			silent()
		}
		if s := c.Stats().Breaker("Store"); s.Successes != 0 || s.Failures != 4 || s.Streak != 4 {
			t.Errorf("stats %+v, want 4 failures in a row and nothing else", s)
		}
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range 10 {
			silent()
			wantState(t, c, StateHalfOpen)
		}
		for range 2 { // all places came back
			Run(t.Context(), m, succeed)
		}
		wantState(t, c, StateClosed)
	})
}

func TestCallersOwnDeadlineCountsFromTheUsualTime(t *testing.T) {
	within := func(limit time.Duration, m *Method, f func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		Run(ctx, m, f)
	}
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		for range 100 {
			Run(t.Context(), m, func(context.Context) error { time.Sleep(10 * time.Millisecond); return nil })
		}
		for range 100 {
			within(5*time.Millisecond, m, hang)
		}
		wantState(t, c, StateClosed)
		if s := c.Stats().Breaker("Store"); s.Failures != 0 || s.Streak != 0 {
			t.Errorf("failures %d, streak %d; want none of hasty callers", s.Failures, s.Streak)
		}
		for range 5 {
			within(20*time.Millisecond, m, hang)
		}
		wantState(t, c, StateOpen)
		time.Sleep(33 * time.Second)
		within(5*time.Millisecond, m, hang)
		wantState(t, c, StateHalfOpen) // a hasty probe proves nothing, and its place is free
	})
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withTimeouts(0, time.Millisecond)))
		for range 5 {
			Run(t.Context(), m, hang) // our own timeout is a full failure
		}
		wantState(t, c, StateOpen)
	})
}

func TestProbeSlotComesBackOnEveryExit(t *testing.T) {
	exits := map[string]func(*Method){
		"panic": func(m *Method) {
			defer func() { recover() }()
			Run(context.Background(), m, func(context.Context) error { panic("boom") })
		},
		"goexit": func(m *Method) {
			done := make(chan bool)
			go func() {
				defer close(done)
				Run(context.Background(), m, func(context.Context) error { runtime.Goexit(); return nil })
			}()
			<-done
		},
		"cancel": func(m *Method) {
			ctx, cancel := context.WithCancel(context.Background())
			Run(ctx, m, func(context.Context) error { cancel(); return errDown })
		},
	}
	for name, exit := range exits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 1 }))
				trip(t, c, m)
				time.Sleep(33 * time.Second)
				for range 3 {
					exit(m)
					wantState(t, c, StateHalfOpen)
				}
				Run(t.Context(), m, succeed)
				wantState(t, c, StateClosed)
			})
		})
	}
}

func TestProbeSlotComesBackWhenTheObserverEndsTheGoroutineOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probing := false
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 1 }), WithObserver(func(_ context.Context, e Event) {
			if e.Kind == EventAttemptEnded && probing {
				probing = false
				runtime.Goexit()
			}
		}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		probing = true
		done := make(chan bool)
		go func() {
			defer close(done)
			Run(context.Background(), m, succeed)
		}()
		<-done
		wantState(t, c, StateHalfOpen)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
	})
}

func TestPanicIsCountedAndNoSignal(t *testing.T) {
	c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Consecutive = 1 }), withRetry(func(*Retry) {})))
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v, want the callee's own panic", r)
			}
		}()
		Run(context.Background(), m, func(context.Context) error { panic("boom") })
	}()
	wantState(t, c, StateClosed)
	if s := c.Stats().Method("Get"); s.Panicked != 1 || s.Calls != 1 || s.Attempts != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestHungProbeIsWrittenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 1 }))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		release, done := make(chan error), make(chan bool)
		go func() {
			defer close(done)
			Run(t.Context(), m, func(context.Context) error { return <-release })
		}()
		synctest.Wait()
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("a second probe got %v, want ErrOpen", err)
		}
		time.Sleep(30*time.Second + 1)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
		release <- errDown // too late to count
		<-done
		wantState(t, c, StateClosed)
		if s := c.Stats().Breaker("Store"); s.Failures != 0 {
			t.Errorf("a written-off probe was counted: %+v", s)
		}
	})
}

func TestResultOfAnEarlierPhaseCountsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 1 }))
		start := func() chan error {
			release := make(chan error)
			go Run(context.Background(), m, func(context.Context) error { return <-release })
			synctest.Wait()
			return release
		}
		success, failure := start(), start()
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		success <- nil
		synctest.Wait()
		wantState(t, c, StateHalfOpen) // not closed by a success begun before the trip
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
		failure <- errDown
		synctest.Wait()
		if s := c.Stats().Breaker("Store"); s.Failures != 0 || s.Streak != 0 {
			t.Errorf("a failure from before the trip was counted: %+v", s)
		}
	})
}

func TestThrottledProbeReopens(t *testing.T) {
	for _, tt := range []struct{ openMax, hint, least, most time.Duration }{
		{0, 0, 27 * time.Second, 33 * time.Second},
		{0, 30 * time.Second, 30 * time.Second, 33 * time.Second}, // jitter takes nothing from the hint
		{0, time.Minute, time.Minute, 66 * time.Second},           // and spreads those that got the same
		{0, 10 * time.Minute, 5 * time.Minute, 5 * time.Minute},   // believed up to ten times open
		{0, math.MaxInt64, 5 * time.Minute, 5 * time.Minute},
		{2 * time.Minute, 0, 54 * time.Second, 66 * time.Second}, // reopened: twice as long
		{2 * time.Minute, 90 * time.Second, 90 * time.Second, 99 * time.Second},
		{2 * time.Minute, 10 * time.Minute, 2 * time.Minute, 2 * time.Minute}, // believed up to the limit
		{time.Hour, 10 * time.Minute, 10 * time.Minute, 11 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			seen := map[time.Duration]bool{}
			for range 20 {
				c, m := newMethod(t, withBreaker(func(b *Breaker) { b.OpenMax = tt.openMax }))
				trip(t, c, m)
				time.Sleep(33 * time.Second)
				Run(t.Context(), m, func(context.Context) error { return Throttle(errors.New("busy"), tt.hint) })
				wantState(t, c, StateOpen)
				if left := c.Stats().Breaker("Store").RetryAfter; left < tt.least || left > tt.most {
					t.Errorf("hint %v under %v: open for %v, want %v to %v", tt.hint, tt.openMax, left, tt.least, tt.most)
				}
				seen[c.Stats().Breaker("Store").RetryAfter] = true
			}
			if spread := len(seen) > 5; spread != (tt.least < tt.most) {
				t.Errorf("hint %v under %v: 20 breakers opened for %d different times", tt.hint, tt.openMax, len(seen))
			}
		})
	}
}

func TestSlowCallIsAFailureForTheBreakerOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Slow = time.Second })))
		slow := func(context.Context) error { time.Sleep(time.Second + 1); return nil }
		for range 5 {
			if err := Run(t.Context(), m, slow); err != nil {
				t.Fatal(err)
			}
		}
		wantState(t, c, StateOpen)
		if s := c.Stats().Method("Get"); s.Succeeded != 5 || s.Attempts != 5 || s.Infrastructure != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestOpeningSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var openings []Opening
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Slow, b.OpenMax = time.Second, time.Hour }), WithObserver(func(_ context.Context, e Event) {
			if opens := e.To == StateOpen || e.To == StateForcedOpen; opens != (e.Opening != nil) {
				t.Errorf("event %+v", e)
			}
			if e.Opening != nil {
				openings = append(openings, *e.Opening)
			}
		}))
		throttled := Throttle(errors.New("429"), 0)
		slow := func(context.Context) error { time.Sleep(2 * time.Second); return nil }
		halfOpen := func() { time.Sleep(c.Stats().Breaker("Store").RetryAfter) }
		check := func(want Opening, low, high time.Duration) {
			t.Helper()
			c.Flush(t.Context())
			got := openings[len(openings)-1]
			if stats := c.Stats().Breaker("Store").Opening; *stats != got {
				t.Errorf("stats say %+v, the event %+v", *stats, got)
			}
			if got.Open < low || got.Open > high {
				t.Errorf("open for %v, want %v to %v", got.Open, low, high)
			}
			if got.Open = 0; got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
		const s = time.Second

		Run(t.Context(), m, succeed)
		trip(t, c, m)
		check(Opening{Rule: RuleConsecutive, Err: errDown, Successes: 1, Failures: 5, Streak: 5}, 27*s, 33*s)
		halfOpen()
		Run(t.Context(), m, succeed)
		Run(t.Context(), m, func(context.Context) error { return System(errNotFound) })
		c.Flush(t.Context())
		own := openings[len(openings)-1].Err
		if !errors.Is(own, errNotFound) {
			t.Errorf("the error is %v", own)
		}
		check(Opening{Rule: RuleProbe, Err: own, Successes: 1, Failures: 1, Streak: 1}, 54*s, 66*s)
		halfOpen()
		Run(t.Context(), m, func(context.Context) error { return throttled })
		check(Opening{Rule: RuleThrottled, Err: throttled}, 108*s, 132*s)
		if err := c.Stats().Breaker("Store").LastError; err != throttled {
			t.Errorf("LastError %v, want what the probe got", err)
		}
		halfOpen()
		for range 2 {
			Run(t.Context(), m, succeed)
		}
		for range 10 {
			Run(t.Context(), m, succeed)
			Run(t.Context(), m, fail)
		}
		check(Opening{Rule: RuleRatio, Err: errDown, Successes: 5, Failures: 5, Streak: 1}, 27*s, 33*s)
		c.Breaker("Store").Reset()
		for range 5 {
			Run(t.Context(), m, slow)
		}
		check(Opening{Rule: RuleSlow, Failures: 5, Streak: 5}, 27*s, 33*s)
		c.Breaker("Store").Reset()
		for range 4 {
			Run(t.Context(), m, slow)
		}
		Run(t.Context(), m, fail) // not the slow ones alone
		check(Opening{Rule: RuleConsecutive, Err: errDown, Failures: 5, Streak: 5}, 27*s, 33*s)
		c.Breaker("Store").ForceOpen()
		check(Opening{Rule: RuleForced}, 0, 0)
		c.Breaker("Store").Reset()
		if o := c.Stats().Breaker("Store").Opening; o != nil {
			t.Errorf("closed, and open for %+v", o)
		}
	})
}

// Half-open with all probes out, a refusal says when the oldest is given up.
func TestAFullHalfOpenSaysHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		release := make(chan error)
		defer close(release)
		probe := func() {
			go Run(context.Background(), m, func(context.Context) error { return <-release })
			synctest.Wait()
		}
		left := func() time.Duration { return c.Stats().Breaker("Store").RetryAfter }
		probe()
		time.Sleep(10 * time.Second)
		if left() != 0 {
			t.Errorf("%v to wait while there is room", left())
		}
		probe()
		var e *Error
		if err := Run(t.Context(), m, succeed); !errors.As(err, &e) || e.RetryAfter() != 20*time.Second+1 || left() != 20*time.Second+1 {
			t.Errorf("got %v, with %v to wait", err, left())
		}
		time.Sleep(e.RetryAfter() - 1)
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("a little too early: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("who waited as told got %v", err)
		}
		if e.RetryAfter() != 10*time.Second { // one has passed, one is out
			t.Errorf("%v to wait", e.RetryAfter())
		}
	})
}

func TestOpenTimeIsJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 20 {
			c, m := newMethod(t, withBreaker(func(*Breaker) {}))
			trip(t, c, m)
			seen[c.Stats().Breaker("Store").RetryAfter] = true
		}
		if len(seen) < 10 {
			t.Errorf("20 breakers opened for just %d different times", len(seen))
		}
	})
}

func TestForcedStatesHoldUntilReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		b := c.Breaker("Store")
		b.ForceOpen()
		time.Sleep(time.Hour)
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) || b.State() != StateForcedOpen {
			t.Errorf("forced open: %v, %v", b.State(), err)
		}
		b.ForceClose()
		for range 100 {
			Run(t.Context(), m, fail)
		}
		wantState(t, c, StateForcedClosed)
		b.Reset()
		wantState(t, c, StateClosed)
		trip(t, c, m)
	})
}

func TestForcingPrevailsOverAChangeAtTheSameTime(t *testing.T) {
	for range 2000 {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1 }))
		var wg sync.WaitGroup
		begin := make(chan bool)
		wg.Go(func() { <-begin; Run(context.Background(), m, fail) })
		wg.Go(func() { <-begin; c.Breaker("Store").ForceClose() })
		close(begin)
		wg.Wait()
		wantState(t, c, StateForcedClosed)
	}
}

func TestHalfOpenAdmitsNoMoreThanItsProbes(t *testing.T) {
	const callers, probes = 16, 3
	for round := range 2000 {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = probes; b.Open = time.Nanosecond; b.Consecutive = 1 }))
		Run(context.Background(), m, fail)
		for c.Breaker("Store").State() != StateHalfOpen {
			runtime.Gosched()
		}
		// Probes hang until all callers have had their answer, so that none can be
		// written off: the lease is as short as the open time.
		p := c.Breaker("Store").phase.Load()
		policy := p.breaker.pool.policy.Load().Breaker
		policy.Open = time.Hour
		p.breaker.pool.apply(&policy)
		var inside, most atomic.Int32
		var wg sync.WaitGroup
		begin, hold := make(chan bool), make(chan bool)
		var refused atomic.Int32
		for range callers {
			wg.Go(func() {
				<-begin
				err := Run(context.Background(), m, func(context.Context) error {
					n := inside.Add(1)
					for {
						seen := most.Load()
						if n <= seen || most.CompareAndSwap(seen, n) {
							break
						}
					}
					<-hold
					return nil
				})
				if err != nil && refused.Add(1) == callers-probes {
					close(hold)
				}
			})
		}
		close(begin)
		wg.Wait()
		if most.Load() != probes {
			t.Fatalf("round %d: %d probes at once, want %d", round, most.Load(), probes)
		}
		wantState(t, c, StateClosed)
	}
}
