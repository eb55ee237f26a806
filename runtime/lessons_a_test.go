package resil

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// How other libraries broke with circuit breakers: section A of the lessons. Each test is one line of
// that section: its comment names who broke and how, and its body shows that this
// library does not. The rules in full are tested beside the code they belong to.

// A1. A probe that never reports wedges the breaker for good: failsafe-go after a
// panic, gobreaker after runtime.Goexit or a forgotten two-step, any of them when
// the callee hangs.
func TestLessonA1_LostProbeDoesNotWedge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range testBreaker.Probes + 1 {
			panicInCall(m)
			exitInCall(m)
		}
		release := make(chan bool)
		for range testBreaker.Probes {
			go Run(context.Background(), m, func(context.Context) error { <-release; return errDown })
		}
		synctest.Wait()
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("got %v while all probes hang, want ErrOpen", err)
		}
		time.Sleep(testBreaker.Open + 1)
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("the breaker is wedged: %v", err)
		}
		close(release) // too late: these have been written off
		synctest.Wait()
		wantState(t, c, StateHalfOpen)
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
	})
}

// A2. gobreaker's rolling window takes expired failures off ConsecutiveFailures:
// 20 of 20 calls failed under a threshold of 5 and it stayed closed.
func TestLessonA2_StreakDoesNotDecay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withBreaker(func(b *Breaker) { b.Ratio, b.Window, b.Open = 0, 10*time.Second, time.Hour }))
		backend := &callee{answers: failures(20)}
		for range 20 {
			Run(t.Context(), m, backend.call)
			time.Sleep(9 * time.Second)
		}
		if n := len(backend.calls); n != 5 {
			t.Errorf("%d of 20 failing calls reached the callee, want 5", n)
		}
	})
}

// A3. failsafe-go closes a half-open breaker on a success that began before the
// trip.
func TestLessonA3_ResultsOfAnEarlierPhaseCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		late := make(chan error)
		start := func() {
			go Run(context.Background(), m, func(context.Context) error { return <-late })
			synctest.Wait()
		}
		start() // while closed
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		start() // as a probe, of which another fails
		Run(t.Context(), m, fail)
		wantState(t, c, StateOpen)
		time.Sleep(33 * time.Second)
		close(late)
		synctest.Wait()
		Run(t.Context(), m, succeed)
		wantState(t, c, StateHalfOpen) // two late successes and one of today's
		Run(t.Context(), m, succeed)
		wantState(t, c, StateClosed)
	})
}

// A4. One caller's cancel opens failsafe-go's default breaker; a cancelled probe
// closes Polly's and, with HandleErrors, failsafe-go's.
func TestLessonA4_CancellationsCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive, b.Probes = 1, 1 }))
		giveUp := func() {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if err := Run(ctx, m, hang); err != context.Canceled {
				t.Errorf("got %v, want the cancellation", err)
			}
		}
		giveUp()
		wantState(t, c, StateClosed)
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		giveUp()
		wantState(t, c, StateHalfOpen)
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("the slot did not come back: %v", err)
		}
	})
}

// A5. Five callers with 1 ms to live opened a healthy backend that takes 20 ms,
// for everybody: a prototype that did not ask whose deadline had passed.
func TestLessonA5_HastyCallersDoNotOpenAHealthyBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withTimeouts(time.Second, 100*time.Millisecond)))
		healthy := func(ctx context.Context) error {
			select {
			case <-time.After(20 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if err := Run(ctx, m, healthy); err != context.DeadlineExceeded {
				t.Errorf("a hasty caller got %v", err)
			}
			cancel()
		}
		if err := Run(t.Context(), m, healthy); err != nil {
			t.Errorf("a patient caller got %v", err)
		}
		for range 5 {
			Run(t.Context(), m, hang) // by our own timeout
		}
		wantState(t, c, StateOpen)
	})
}

// A6. Breakers that take every error for a failure open on a run of "not found".
func TestLessonA6_NotFoundIsAnAnswer(t *testing.T) {
	c, m := newMethod(t, withBreaker(func(*Breaker) {}))
	missing := func(context.Context) error { return errNotFound }
	for range 100 {
		Run(context.Background(), m, missing)
	}
	for range 4 {
		Run(context.Background(), m, fail)
	}
	Run(context.Background(), m, missing) // an answer ends the streak
	Run(context.Background(), m, fail)
	wantState(t, c, StateClosed)

	// The ratio is that of answers and failures: what was cancelled or throttled
	// fills up neither the minimum nor the whole.
	c, m = newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 0 }))
	for range 100 {
		Run(context.Background(), m, func(context.Context) error { return Throttle(errDown, 0) })
		panicInCall(m)
	}
	for range 9 {
		Run(context.Background(), m, fail)
	}
	wantState(t, c, StateClosed)
	Run(context.Background(), m, fail)
	wantState(t, c, StateOpen)
}

// A7. failsafe-go rounds the failure rate to two decimals: 99 of 200 trips 50 %,
// and 4 of 1000 never trips 0.4 %.
func TestLessonA7_RatesAreNotRounded(t *testing.T) {
	for _, tt := range []struct {
		ratio               Ratio
		successes, failures int // that just do not trip it
		more                int // failures that do
	}{
		{50 * Percent, 101, 99, 2},
		{4000 * PPM, 996, 3, 1},
	} {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive, b.Ratio = 0, tt.ratio }))
		for range tt.successes {
			Run(context.Background(), m, succeed)
		}
		for range tt.failures {
			Run(context.Background(), m, fail)
		}
		wantState(t, c, StateClosed)
		for range tt.more {
			Run(context.Background(), m, fail)
		}
		wantState(t, c, StateOpen)
	}
}

// A8. Without a minimum one failure after a quiet night is 100 %; without a window
// 10,000 successes hide any outage, as in an older Rust system.
func TestLessonA8_RatioHasAMinimumAndAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 0 }))
		Run(t.Context(), m, succeed)
		time.Sleep(8 * time.Hour)
		Run(t.Context(), m, fail)
		wantState(t, c, StateClosed)
		for range 10_000 {
			Run(t.Context(), m, succeed)
		}
		time.Sleep(testBreaker.Window + time.Second)
		for range testBreaker.Min {
			Run(t.Context(), m, fail)
		}
		wantState(t, c, StateOpen)
	})
}

// A9. Half-open without a bound lets 50 of 50 calls through (goresilience, mercari);
// a counter that is loaded and then subtracted from let 319 of 320 through a quota
// of 4.
func TestLessonA9_HalfOpenAdmitsItsProbesAndNoMore(t *testing.T) {
	rounds, callers := 100_000, int32(16)
	if testing.Short() {
		rounds = 5_000
	}
	const probes = 3
	_, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = probes }))
	for round := range rounds {
		// In every other round half-open begins while the callers are at it.
		edge := round%2 == 1
		until := time.Duration(0)
		if edge {
			until = m.client.now() + rand.N(5*time.Microsecond)
		}
		m.breaker.phase.Store(m.breaker.refusingPhase(StateOpen, until))
		var admitted, answered atomic.Int32
		var wg sync.WaitGroup
		begin, all := make(chan bool), make(chan bool)
		lastResult := func() {
			if answered.Add(1) == callers {
				close(all)
			}
		}
		for range callers {
			wg.Go(func() {
				<-begin
				if Run(context.Background(), m, func(context.Context) error {
					admitted.Add(1)
					lastResult()
					<-all // the others are in, too, or refused
					return nil
				}) != nil {
					lastResult()
				}
			})
		}
		close(begin)
		wg.Wait()
		if n := admitted.Load(); n > probes || n < probes && !edge {
			t.Fatalf("round %d: %d probes of %d callers, want %d", round, n, callers, probes)
		}
	}
}

// A10. A breaker that wants more successes than it admits probes is locked out for
// ever.
func TestLessonA10_AsManySuccessesAsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for probes := 1; probes <= 10; probes++ {
			c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = probes }))
			trip(t, c, m)
			time.Sleep(33 * time.Second)
			for i := range probes {
				wantState(t, c, StateHalfOpen)
				if err := Run(t.Context(), m, succeed); err != nil {
					t.Errorf("probe %d of %d got %v", i+1, probes, err)
				}
			}
			wantState(t, c, StateClosed)
		}
	})
}

// A11. Breakers with a fixed open time that opened together probe together, and
// knock over what had just got up.
func TestLessonA11_OpenTimesAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clients []*Client
		for range 200 {
			c, m := newMethod(t, withBreaker(func(*Breaker) {}))
			trip(t, c, m)
			clients = append(clients, c)
		}
		probing := func() (n int) {
			for _, c := range clients {
				if c.Breaker("Store").State() == StateHalfOpen {
					n++
				}
			}
			return n
		}
		time.Sleep(27*time.Second - 1)
		if n := probing(); n != 0 {
			t.Errorf("%d of 200 probe before 27s of 30s ± 10%%", n)
		}
		time.Sleep(3*time.Second + 1)
		if n := probing(); n == 0 || n == 200 { // 1 in 2^199 by chance
			t.Errorf("%d of 200 probe after 30s, want about half", n)
		}
		time.Sleep(3 * time.Second)
		if n := probing(); n != 200 {
			t.Errorf("%d of 200 probe after 33s, want all", n)
		}
	})
}

// A12. A state that says open until the next call, long after the open time,
// misleads dashboards.
func TestLessonA12_StateFollowsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := recordEvents()
		c, m := newMethod(t, withBreaker(func(*Breaker) {}), WithObserver(observe))
		trip(t, c, m)
		c.Flush(t.Context())
		told := len(lines())
		time.Sleep(time.Hour)
		wantState(t, c, StateHalfOpen)
		if s := c.Stats().Breaker("Store"); s.State != StateHalfOpen || s.RetryAfter != 0 {
			t.Errorf("stats %+v, want half-open and nothing to wait for", s)
		}
		c.Flush(t.Context())
		if len(lines()) != told {
			t.Error("looking at the state changed it")
		}
	})
}

// A13. gobreaker deadlocks when OnStateChange asks for Counts, since it calls back
// under its lock; callbacks outside of one arrive in any order.
func TestLessonA13_ObserversMayAskAndSeeTheOrder(t *testing.T) {
	var m *Method
	var state State
	var last uint64
	_, m = newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive, b.Probes, b.Open = 1, 1, time.Nanosecond }),
		WithObserver(func(_ context.Context, e Event) {
			m.client.Stats()
			m.breaker.State()
			if e.Kind == EventStateChanged {
				if e.From != state && e.Seq == last+1 { // else some were dropped
					t.Errorf("event %d: from %v to %v, but it was %v", e.Seq, e.From, e.To, state)
				}
				last = e.Seq
				if state = e.To; state == StateOpen {
					Run(context.Background(), m, succeed)
				}
			}
			panic("an observer's own trouble")
		}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 5000 {
				Run(context.Background(), m, []func(context.Context) error{succeed, fail}[i%2])
			}
		})
	}
	wg.Wait()
	if err := m.client.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

// A14. A classifier that runs under gobreaker's lock holds up every caller.
func TestLessonA14_ClassifiersHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m *Method
		slow := make(chan bool)
		_, m = newMethod(t, withAll(withBreaker(func(*Breaker) {}), func(_ *Spec, s *MethodSpec) {
			s.Classify = []Classifier{func(err error) Verdict {
				m.client.Stats()
				<-slow
				return Verdict{Class: Infrastructure}
			}}
		}))
		go Run(context.Background(), m, func(context.Context) error { return errors.New("odd") })
		synctest.Wait()
		for range 10 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Error(err)
			}
		}
		close(slow)
	})
}

// A15. Failsafe spends 4 of 7 attempts on a breaker that is open. Others take their
// own refusals for failures of the callee.
func TestLessonA15_OwnRefusalsCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(
			withRetry(func(r *Retry) { r.Attempts = 7 }),
			withBreaker(func(b *Breaker) { b.Consecutive = 1 }),
			withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}})))
		Run(t.Context(), m, succeed)
		for range 50 {
			if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrLimited) {
				t.Errorf("got %v, want ErrLimited", err)
			}
		}
		if b := c.Stats().Breaker("Store"); b.State != StateClosed || b.Successes != 1 || b.Failures != 0 {
			t.Errorf("the limiter's refusals show in the breaker: %+v", b)
		}
		c.Breaker("Store").ForceOpen()
		start := time.Now()
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want ErrOpen at once", err, time.Since(start))
		}
		if s := c.Stats().Method("Get"); s.Attempts != 1 || s.Retries != 0 {
			t.Errorf("refusals burned attempts: %+v", s)
		}
	})
}

// A16. gobreaker says "too many requests" while half-open is busy, which three
// threads of its users took for a rate limit.
func TestLessonA16_BusyHalfOpenIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 1 }))
		trip(t, c, m)
		refused := func() *Error {
			var e *Error
			if err := Run(t.Context(), m, succeed); !errors.As(err, &e) || e.Reason != ErrOpen {
				t.Fatalf("got %v, want ErrOpen", err)
			}
			return e
		}
		if e := refused(); e.RetryAfter() < 27*time.Second || !strings.Contains(e.Error(), "circuit breaker is open, retry after ") {
			t.Errorf("%v does not say how long", e)
		}
		time.Sleep(33 * time.Second)
		Run(t.Context(), m, func(context.Context) error {
			// Until the probe is given up at the latest.
			if e := refused(); e.RetryAfter() <= 0 || e.RetryAfter() > 30*time.Second+1 {
				t.Errorf("%v says to wait %v", e, e.RetryAfter())
			}
			return nil
		})
	})
}

// A17. An older Rust system never forgets a key: a leak. Systems that evict the
// oldest reset an open breaker, which an attacker with many keys can bring about.
func TestLessonA17_KeysAreBoundedAndTheOpenOnesStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 8
		c, get := newMethodByPeer(t, keys)
		for range 2 {
			Run(t.Context(), get.For("bad"), fail)
		}
		for i := range 1000 {
			Run(t.Context(), get.For(fmt.Sprint("attacker", i)), succeed)
			time.Sleep(20 * time.Millisecond)
		}
		if n := c.Stats().Breaker("Store").Keys; n > keys {
			t.Errorf("%d keys held, want at most %d", n, keys)
		}
		if err := Run(t.Context(), get.For("bad"), succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("the open breaker was forgotten: %v", err)
		}
	})
	for range 20 { // one entry, however many ask at once
		_, get := newMethodByPeer(t, 100)
		var wg sync.WaitGroup
		begin, methods := make(chan bool), make([]*Method, 1000)
		for i := range methods {
			wg.Go(func() { <-begin; methods[i] = get.For("peer") })
		}
		close(begin)
		wg.Wait()
		if len(slices.Compact(methods)) != 1 {
			t.Fatal("a key has two entries")
		}
	}
}

// A18. gobreaker's distributed breaker holds a lock around the callee: four calls of
// 20 ms took 1.5 s, and one was counted.
func TestLessonA18_CalleesRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withBulkhead(Bulkhead{Calls: 4}), withRetry(func(*Retry) {}),
			withLimit(Limit{Rate: Rate{Count: 4, Per: time.Second}})))
		start := time.Now()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				Run(t.Context(), m, func(context.Context) error { time.Sleep(20 * time.Millisecond); return nil })
			})
		}
		wg.Wait()
		if took := time.Since(start); took != 20*time.Millisecond {
			t.Errorf("four calls of 20ms took %v side by side", took)
		}
		if n := c.Stats().Breaker("Store").Successes; n != 4 {
			t.Errorf("%d of 4 counted", n)
		}
	})
}

// A19. A failing probe of an old instance set the open time that a prototype shared
// between instances, and the healthy new one refused.
func TestLessonA19_EachPhaseOwnsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = 1; b.Consecutive = 1 }))
		late := make(chan error)
		start := func() { go Run(context.Background(), m, func(context.Context) error { return <-late }) }
		start() // while closed
		synctest.Wait()
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		start() // as a probe
		synctest.Wait()
		c.Breaker("Store").Reset()
		late <- errDown
		late <- Throttle(errDown, time.Hour)
		synctest.Wait()
		wantState(t, c, StateClosed)
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("after the reset: %v", err)
		}
	})
}

// A20. A half-open breaker that was answered with 429s let 2,000 calls through in
// 10 s, in a prototype that ignored them.
func TestLessonA20_ThrottledProbeReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		reached := 0
		for range 2000 {
			Run(t.Context(), m, func(context.Context) error { reached++; return Throttle(errors.New("429"), 0) })
			time.Sleep(5 * time.Millisecond)
		}
		if reached != 1 {
			t.Errorf("%d of 2000 calls reached a callee that throttles, want 1", reached)
		}
	})
}

// A21. No library on top of gobreaker can open on slow calls, which people ask for
// everywhere.
func TestLessonA21_SlowCallsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Slow = time.Second }),
			withLimit(Limit{Rate: Rate{Count: 1, Per: 2 * time.Second}, Wait: time.Minute})))
		for range 20 {
			Run(t.Context(), m, succeed) // waits for its token, but that is not the callee's time
		}
		wantState(t, c, StateClosed)
		for range 5 {
			Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second + 1); return errNotFound })
		}
		wantState(t, c, StateOpen)
	})
}

// A22. A breaker sees calls that end. When all hang it sees nothing: a bulkhead
// stands beside it, timeouts under it.
func TestLessonA22_HungCalleeFillsTheBulkhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Consecutive = 3 }), withBulkhead(Bulkhead{Calls: 3}), withTimeouts(time.Minute, 0)))
		for range 3 {
			go Run(context.Background(), m, hang)
		}
		synctest.Wait()
		wantState(t, c, StateClosed)
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrFull) {
			t.Errorf("the fourth call got %v, want ErrFull", err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		wantState(t, c, StateOpen)
	})
}
