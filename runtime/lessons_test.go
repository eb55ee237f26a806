package resil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// How the peers broke. Each test is one line of that list: its comment names who
// broke and how, its body shows that we do not. The rules in full are tested
// beside the code they belong to.

// A. Breaker

// A1. A probe that never reports wedges the breaker for good: failsafe-go after a
// panic, gobreaker after runtime.Goexit or a forgotten two-step, any of them when
// the callee hangs.
func TestLessonA1_LostProbeDoesNotWedge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(*Breaker) {}))
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		for range testBreaker.Probes + 1 {
			explode(m)
			exit(m)
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
		_, m := one(t, breaker(func(b *Breaker) { b.Ratio, b.Window, b.Open = 0, 10*time.Second, time.Hour }))
		backend := &callee{answers: fails(20)}
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
func TestLessonA3_EarlierPhaseHasNoVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(*Breaker) {}))
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
func TestLessonA4_CancelHasNoVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(b *Breaker) { b.Consecutive, b.Probes = 1, 1 }))
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
		c, m := one(t, all(breaker(func(*Breaker) {}), timeouts(time.Second, 100*time.Millisecond)))
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
	c, m := one(t, breaker(func(*Breaker) {}))
	missing := func(context.Context) error { return errNotFound }
	for range 100 {
		Run(context.Background(), m, missing)
	}
	for range 4 {
		Run(context.Background(), m, fail)
	}
	Run(context.Background(), m, missing) // proof of life ends the streak
	Run(context.Background(), m, fail)
	wantState(t, c, StateClosed)

	// The ratio is that of answers and failures: what was cancelled or throttled
	// fills up neither the minimum nor the whole.
	c, m = one(t, breaker(func(b *Breaker) { b.Consecutive = 0 }))
	for range 100 {
		Run(context.Background(), m, func(context.Context) error { return Throttle(errDown, 0) })
		explode(m)
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
		c, m := one(t, breaker(func(b *Breaker) { b.Consecutive, b.Ratio = 0, tt.ratio }))
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
		c, m := one(t, breaker(func(b *Breaker) { b.Consecutive = 0 }))
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
	_, m := one(t, breaker(func(b *Breaker) { b.Probes = probes }))
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
			c, m := one(t, breaker(func(b *Breaker) { b.Probes = probes }))
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
			c, m := one(t, breaker(func(*Breaker) {}))
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
		observe, lines := record()
		c, m := one(t, breaker(func(*Breaker) {}), WithObserver(observe))
		trip(t, c, m)
		told := len(lines())
		time.Sleep(time.Hour)
		wantState(t, c, StateHalfOpen)
		if s := c.Stats().Breaker("Store"); s.State != StateHalfOpen || s.RetryAfter != 0 {
			t.Errorf("stats %+v, want half-open and nothing to wait for", s)
		}
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
	_, m = one(t, breaker(func(b *Breaker) { b.Consecutive, b.Probes, b.Open = 1, 1, time.Nanosecond }),
		WithObserver(func(_ context.Context, e Event) {
			m.client.Stats()
			m.breaker.State()
			if e.Kind == EventStateChanged {
				if e.From != state {
					t.Errorf("event %d: from %v to %v, but it was %v", e.Seq, e.From, e.To, state)
				}
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
}

// A14. A classifier that runs under gobreaker's lock holds up every caller.
func TestLessonA14_ClassifiersHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m *Method
		slow := make(chan bool)
		_, m = one(t, all(breaker(func(*Breaker) {}), func(_ *Spec, s *MethodSpec) {
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
		c, m := one(t, all(
			retry(func(r *Retry) { r.Attempts = 7 }),
			breaker(func(b *Breaker) { b.Consecutive = 1 }),
			limit(Limit{Rate: Rate{Count: 1, Per: time.Hour}})))
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
		c, m := one(t, breaker(func(b *Breaker) { b.Probes = 1 }))
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
		c, get := perPeer(t, keys)
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
		_, get := perPeer(t, 100)
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
		c, m := one(t, all(breaker(func(*Breaker) {}), bulk(Bulkhead{Calls: 4}), retry(func(*Retry) {}),
			limit(Limit{Rate: Rate{Count: 4, Per: time.Second}})))
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
		c, m := one(t, breaker(func(b *Breaker) { b.Probes = 1; b.Consecutive = 1 }))
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
// 10 s, in a prototype that had no vote for them.
func TestLessonA20_ThrottledProbeReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, breaker(func(*Breaker) {}))
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
		c, m := one(t, all(breaker(func(b *Breaker) { b.Slow = time.Second }),
			limit(Limit{Rate: Rate{Count: 1, Per: 2 * time.Second}, Wait: time.Minute})))
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
		c, m := one(t, all(breaker(func(b *Breaker) { b.Consecutive = 3 }), bulk(Bulkhead{Calls: 3}), timeouts(time.Minute, 0)))
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

// B. Retry

// B1. "max attempts 3" made four calls in an older Rust system.
func TestLessonB1_AttemptsAreCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for attempts := 1; attempts <= 5; attempts++ {
			_, m := one(t, retry(func(r *Retry) { r.Attempts = attempts }))
			backend := &callee{answers: fails(99)}
			Run(t.Context(), m, backend.call)
			if len(backend.calls) != attempts {
				t.Errorf("%d attempts made %d calls", attempts, len(backend.calls))
			}
		}
	})
}

// B2. In four projects the exponential delay overflows to 0 and the loop runs hot.
func TestLessonB2_DelaysSaturate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, retry(func(r *Retry) { r.Attempts, r.Budget = 2000, 0 }))
		backend := &callee{answers: fails(2000)}
		Run(t.Context(), m, backend.call)
		gaps := backend.gaps()
		if !slices.IsSorted(gaps) || gaps[len(gaps)-1] != testRetry.Max {
			t.Errorf("delays do not rise to the max and stay there: %v", gaps)
		}
	})
}

// B3. Both older systems and failsafe-go add jitter after the cap and exceed it;
// failsafe-go's WithRandomDelay(0, x) meant no delay at all, 5 retries in 38 µs.
func TestLessonB3_JitterKeepsTheCapAndTheDelay(t *testing.T) {
	for _, jitter := range []Jitter{JitterNone, JitterFull, JitterEqual, JitterDecorrelated, Jitter(50 * Percent)} {
		synctest.Test(t, func(t *testing.T) {
			_, m := one(t, retry(func(r *Retry) {
				r.Attempts, r.Budget, r.Jitter = 200, 0, jitter
				r.Initial, r.Max = time.Second, time.Second
			}))
			backend := &callee{answers: fails(200)}
			Run(t.Context(), m, backend.call)
			if longest := slices.Max(backend.gaps()); longest > time.Second {
				t.Errorf("%v jitter paused %v, beyond max=1s", jitter, longest)
			}
			if jitter == JitterNone && slices.Min(backend.gaps()) != time.Second {
				t.Errorf("no jitter became another delay: %v", backend.gaps())
			}
		})
	}
	spec := full()
	spec.Methods[0].Retry = &Retry{Attempts: 5, Max: time.Second}
	if _, err := New(spec); err == nil {
		t.Error("a delay that was never set is taken for none")
	}
}

// B4. failsafe-go fires an attempt at the very deadline, everybody sleeps past it.
func TestLessonB4_NobodySleepsToTheDeadline(t *testing.T) {
	for d := 50 * time.Millisecond; d <= 2*time.Second; d += 50 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			_, m := one(t, retry(func(r *Retry) { r.Attempts = 99 }))
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			backend := &callee{answers: fails(99)}
			err := Run(ctx, m, backend.call)
			if last := backend.calls[len(backend.calls)-1]; time.Since(last) != 0 || ctx.Err() != nil {
				t.Errorf("deadline in %v: slept %v after the last attempt", d, time.Since(last))
			}
			if !errors.Is(err, ErrDeadline) || !errors.Is(err, errDown) {
				t.Errorf("deadline in %v: got %v, want ErrDeadline around the last error", d, err)
			}
		})
	}
}

// B5. failsafe-go turns (42, nil) into "context canceled" when the context has ended
// meanwhile.
func TestLessonB5_SuccessIsASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, set := range map[string]func(*Spec, *MethodSpec){
			"total timeout": timeouts(time.Second, 0), "attempt timeout": timeouts(0, time.Second),
		} {
			c, m := one(t, all(set, retry(func(*Retry) {})))
			late := func(ctx context.Context) (int, error) { <-ctx.Done(); return 42, nil }
			if v, err := Call(t.Context(), m, late); v != 42 || err != nil {
				t.Errorf("%s: got %d, %v; want 42, nil", name, v, err)
			}
			if s := c.Stats().Method("Get"); s.Succeeded != 1 || s.TimedOut != 0 {
				t.Errorf("%s: stats %+v", name, s)
			}
		}
		_, m := one(t, hedge(Hedge{Delay: time.Hour, Max: 1}))
		ctx, cancel := context.WithCancel(t.Context())
		if v, err := Hedged(ctx, m, func(context.Context) (int, error) { cancel(); return 42, nil }, nil); v != 42 || err != nil {
			t.Errorf("hedged: got %d, %v; want 42, nil", v, err)
		}
	})
}

// B6. cenkalti, failsafe-go, go-retryablehttp and an older Python system lose the
// last error on a cancel, on exhaustion or on a spent budget.
func TestLessonB6_LastErrorIsKept(t *testing.T) {
	three := retry(func(*Retry) {})
	for _, tt := range []struct {
		name             string
		set              func(*Spec, *MethodSpec)
		deadline, cancel time.Duration // the caller's
		want             error
	}{
		{"exhausted", three, time.Hour, time.Hour, ErrExhausted},
		{"deadline", three, 50 * time.Millisecond, time.Hour, ErrDeadline},
		{"canceled in the pause", three, time.Hour, 50 * time.Millisecond, context.Canceled},
		{"budget", retry(func(r *Retry) { r.Attempts, r.Backoff, r.Initial = 200, BackoffConstant, time.Millisecond }), time.Hour, time.Hour, ErrBudget},
		{"open", all(three, breaker(func(b *Breaker) { b.Consecutive = 1 })), time.Hour, time.Hour, ErrOpen},
		{"limited", all(three, limit(Limit{Rate: Rate{Count: 1, Per: time.Hour}})), time.Hour, time.Hour, ErrLimited},
	} {
		for name, call := range map[string]func(context.Context, *Method) error{
			"call": func(ctx context.Context, m *Method) error { return Run(ctx, m, fail) },
			"hedged": func(ctx context.Context, m *Method) error {
				_, err := Hedged(ctx, m, func(context.Context) (int, error) { return 0, errDown }, nil)
				return err
			},
		} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, m := one(t, all(tt.set, hedge(Hedge{Delay: time.Second, Max: 1})))
					ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
					defer cancel()
					defer time.AfterFunc(tt.cancel, cancel).Stop()
					if err := call(ctx, m); !errors.Is(err, tt.want) || !errors.Is(err, errDown) {
						t.Errorf("got %v, want both %v and the last error", err, tt.want)
					}
				})
			})
		}
	}
}

// B7. cenkalti makes a first attempt under a context that is dead.
func TestLessonB7_DeadContextMakesNoCall(t *testing.T) {
	dead, cancel := context.WithCancel(context.Background())
	cancel()
	_, m := one(t, all(retry(func(*Retry) {}), hedge(Hedge{Delay: time.Nanosecond, Max: 3})))
	called := func(context.Context) (int, error) { t.Error("called"); return 0, nil }
	if _, err := Call(dead, m, called); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if _, err := Hedged(dead, m, called, nil); err != context.Canceled {
		t.Errorf("hedged: got %v", err)
	}
}

// B8. Loops that sleep after the last attempt; goresilience sleeps on after the
// caller has gone.
func TestLessonB8_NoSleepInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, retry(func(r *Retry) { r.Initial, r.Backoff = time.Hour, BackoffConstant; r.Max = time.Hour }))
		start := time.Now()
		Run(t.Context(), m, fail)
		if took := time.Since(start); took != 2*time.Hour {
			t.Errorf("three attempts an hour apart took %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start = time.Now()
		Run(ctx, m, fail)
		if took := time.Since(start); took != time.Second {
			t.Errorf("slept on for %v after the caller had gone", took-time.Second)
		}
	})
}

// askedFor is an error of the callee's with a hint of its own type.
type askedFor time.Duration

func (askedFor) Error() string               { return "503" }
func (a askedFor) RetryAfter() time.Duration { return time.Duration(a) }

// B9. Retry-After obeyed without a cap: "retrying in 484289h".
func TestLessonB9_HintsAreCapped(t *testing.T) {
	for _, hint := range []time.Duration{testRetry.Max + 1, 484_289 * time.Hour, 1<<63 - 1} {
		synctest.Test(t, func(t *testing.T) {
			_, m := one(t, retry(func(*Retry) {}))
			backend := &callee{answers: []error{Infra(askedFor(hint))}}
			start := time.Now()
			err := Run(t.Context(), m, backend.call)
			if !errors.Is(err, ErrRetryLater) || len(backend.calls) != 1 || time.Since(start) != 0 {
				t.Errorf("a hint of %v: %v after %d calls and %v, want the end of the call at once", hint, err, len(backend.calls), time.Since(start))
			}
		})
	}
	for hint, want := range map[time.Duration]time.Duration{
		testRetry.Max:   testRetry.Max,
		7 * time.Second: 7 * time.Second,
		0:               testRetry.Initial,
		-1 << 63:        testRetry.Initial, // a date in the past
	} {
		synctest.Test(t, func(t *testing.T) {
			_, m := one(t, retry(func(*Retry) {}))
			backend := &callee{answers: []error{Infra(askedFor(hint))}}
			Run(t.Context(), m, backend.call)
			if got := backend.gaps()[0]; got != want {
				t.Errorf("a hint of %v: paused %v, want %v", hint, got, want)
			}
		})
	}
}

// B10. Budgets checked after the sleep, leaking on panics, or never refilled: AWS's
// adaptive mode stops retrying until a restart.
func TestLessonB10_BudgetIsTakenBeforeTheSleepAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, retry(func(r *Retry) { r.Attempts = 2 }))
		burst := func() (refused int) {
			var wg sync.WaitGroup
			var n atomic.Int32
			for range 300 {
				wg.Go(func() {
					if start := time.Now(); errors.Is(Run(t.Context(), m, fail), ErrBudget) && time.Since(start) == 0 {
						n.Add(1)
					}
				})
			}
			wg.Wait()
			return int(n.Load())
		}
		if n := burst(); n != 290 {
			t.Errorf("%d of 300 were stopped before their sleep, want all but 10", n)
		}
		for range 250 {
			explode(m)
			Run(t.Context(), m, succeed)
		}
		if n := burst(); n != 250 {
			t.Errorf("after 250 answers %d of 300 were stopped, want all but 50", n)
		}
		time.Sleep(time.Minute)
		if n := burst(); n != 294 {
			t.Errorf("after a minute's rest %d of 300 were stopped, want all but 6", n)
		}
		time.Sleep(time.Hour)
		if n := burst(); n != 290 {
			t.Errorf("after an hour's rest %d of 300 were stopped, want all but 10", n)
		}
		if s := c.Stats().Method("Get"); s.Retries != 76 {
			t.Errorf("%d retries, want 76", s.Retries)
		}
	})
}

// B11. Layers multiply: three attempts around four made twelve calls of one.
func TestLessonB11_LayersAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, outer := one(t, retry(func(r *Retry) { r.On = []Class{Infrastructure} }))
		_, inner := one(t, retry(func(r *Retry) { r.Attempts = 4 }))
		backend := &callee{answers: fails(99)}
		Run(t.Context(), outer, func(ctx context.Context) error { return Run(ctx, inner, backend.call) })
		if n := len(backend.calls); n != 3+4-1 {
			t.Errorf("%d calls, want 6", n)
		}
	})
}

// B12. An adapter that returns the failure inside the value hides it from retry and
// breaker. A mark beside the value shows it to both, and the value still comes back.
func TestLessonB12_FailureInsideTheValueIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, all(retry(func(*Retry) {}), breaker(func(*Breaker) {})))
		status, err := Call(t.Context(), m, func(context.Context) (int, error) {
			const status = 503 // with a nil error, from the adapter
			return status, Infra(fmt.Errorf("status %d", status))
		})
		if s := c.Stats(); status != 503 || !errors.Is(err, ErrExhausted) || s.Method("Get").Attempts != 3 || s.Breaker("Store").Failures != 3 {
			t.Errorf("got %d, %v; want it retried and counted as a failure", status, err)
		}
	})
}

// B13. Retries that take a zero value for a failure repeat calls that went well.
func TestLessonB13_ZeroValueIsAnAnswer(t *testing.T) {
	_, m := one(t, retry(func(*Retry) {}))
	for range 3 {
		calls := 0
		v, err := Call(context.Background(), m, func(context.Context) (*int, error) { calls++; return nil, nil })
		if v != nil || err != nil || calls != 1 {
			t.Errorf("got %v, %v after %d calls; want nil, nil after one", v, err, calls)
		}
	}
}

// B14. An older Rust system's "failed after max retries" never counts exhaustion, and
// its counters cannot be read.
func TestLessonB14_RetriesAreCountedAndReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, retry(func(*Retry) {}))
		for _, answers := range [][]error{fails(3), fails(1), {errNotFound}} {
			Run(t.Context(), m, (&callee{answers: answers}).call)
		}
		if s := c.Stats().Method("Get"); s.Retries != 2+1+0 || s.Exhausted != 1 || s.RetriedSuccesses != 1 || s.Failed != 1 || s.Attempts != 3+2+1 {
			t.Errorf("stats %+v", s)
		}
	})
}

// response is a result that must be closed once.
type response struct{ closed atomic.Int32 }

// B15. failsafehttp never closes the response of an attempt that is retried: 123
// goroutines more after 20 calls. Here it is Hedged that throws results away; for
// generated methods see testdata/owned.txtar.
func TestLessonB15_ResultsThrownAwayAreDiscarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var responses []*response
		_, m := one(t, all(retry(func(r *Retry) { r.Attempts = 4 }), hedge(Hedge{Delay: time.Millisecond, Max: 2})))
		got, err := Hedged(t.Context(), m, func(context.Context) (*response, error) {
			r := new(response)
			mu.Lock()
			responses = append(responses, r)
			n := len(responses)
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			if n <= 7 { // two rounds and a third of the next
				return r, errDown
			}
			return r, nil
		}, func(r *response) { r.closed.Add(1) })
		if err != nil || len(responses) != 9 {
			t.Fatalf("%v, %d attempts; want success in the third round of three", err, len(responses))
		}
		for i, r := range responses {
			want := int32(1)
			if r == got {
				want = 0
			}
			if n := r.closed.Load(); n != want {
				t.Errorf("the result of attempt %d was closed %d times, want %d", i+1, n, want)
			}
		}
	})
}

// B16. "retry quota exceeded" reads as if the server had said it.
func TestLessonB16_ErrorSaysWhoStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, retry(func(*Retry) {}))
		drain(c)
		err := Run(t.Context(), m, func(context.Context) error { return Throttle(errors.New("quota exceeded"), 0) })
		if want := "Store.Get: client-side retry budget spent (1 attempt made): quota exceeded"; err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	})
}

// C. Limiter, bulkhead, timeout, hedge

// C1. A clock that is read before the limiter's lock mints tokens: with stale
// readings x/time/rate v0.16 admits twice its rate. A clock that starts with the
// process is not that of a bubble.
func TestLessonC1_StaleClocksMintNothing(t *testing.T) {
	const rate, burst = 100_000, 10_000
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for _, wait := range []time.Duration{0, time.Millisecond} {
		for round := range rounds {
			callers := []int{8, 512}[round%2]
			_, m := one(t, limit(Limit{Rate: Rate{Count: rate, Per: time.Second}, Burst: burst, Wait: wait}))
			start := time.Now()
			var admitted atomic.Int64
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for time.Since(start) < 100*time.Millisecond {
						if Run(context.Background(), m, succeed) == nil {
							admitted.Add(1)
						}
					}
				})
			}
			wg.Wait()
			// However the callers were scheduled, there were no more tokens than that.
			if most := burst + int64(time.Since(start)*rate/time.Second) + 1; admitted.Load() > most {
				t.Errorf("%d callers that wait %v: %d admitted, want at most %d", callers, wait, admitted.Load(), most)
				break
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, limit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: time.Minute}))
		start := time.Now()
		for range 11 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("11 calls at 1/s took %v of the bubble's time", took)
		}
	})
}

// C2. Asking for more than the burst waits for ever in an older Python system; a wait
// that cannot succeed in time consumes its token anyway.
func TestLessonC2_HopelessWaitIsRefusedAndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, limit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: time.Hour}))
		Run(t.Context(), m, succeed)
		start := time.Now()
		for range 1000 {
			ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
			if err := Run(ctx, m, succeed); !errors.Is(err, ErrLimited) || time.Since(start) != 0 {
				t.Fatalf("got %v after %v, want ErrLimited at once", err, time.Since(start))
			}
			cancel()
		}
		if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v: the hopeless ones stand in the queue", err, time.Since(start))
		}
	})
}

// C3. A dead context that is told "limited" or "open", and pays for it.
func TestLessonC3_DeadContextIsNoRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, all(breaker(func(*Breaker) {}), limit(Limit{Rate: Rate{Count: 1, Per: time.Hour}}), bulk(Bulkhead{Calls: 1})))
		dead, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Run(dead, m, succeed); err != context.Canceled {
			t.Errorf("got %v", err)
		}
		Run(t.Context(), m, func(context.Context) error { // takes the token and the permit
			c.Breaker("Store").ForceOpen()
			if err := Run(dead, m, succeed); err != context.Canceled {
				t.Errorf("open, limited and full at once: got %v", err)
			}
			return nil
		})
		if s := c.Stats().Method("Get"); s.Canceled != 2 || s.Succeeded != 1 || s.Calls != 3 {
			t.Errorf("stats %+v", s)
		}
	})
}

// C4. Waiting for a token only to hear that the breaker is open.
func TestLessonC4_OpenIsSaidBeforeTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, all(breaker(func(b *Breaker) { b.Consecutive, b.Probes = 1, 1 }), limit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour})))
		Run(t.Context(), m, fail)
		refused := func() {
			t.Helper()
			if start := time.Now(); !errors.Is(Run(t.Context(), m, succeed), ErrOpen) || time.Since(start) != 0 {
				t.Errorf("waited %v", time.Since(start))
			}
		}
		refused()
		time.Sleep(time.Minute)
		wantState(t, c, StateHalfOpen)
		Run(t.Context(), m, func(context.Context) error {
			for range 10 {
				refused() // half-open and busy
			}
			return errDown
		})
		time.Sleep(time.Minute)
		if start := time.Now(); Run(t.Context(), m, succeed) != nil || time.Since(start) != 0 {
			t.Error("a refusal took the token")
		}
	})
}

// C5. failsafe-go's bulkhead loses a permit to each panic and is full for ever.
func TestLessonC5_PermitsSurvivePanics(t *testing.T) {
	_, m := one(t, bulk(Bulkhead{Calls: 2}))
	for range 10 {
		explode(m)
		exit(m)
	}
	Run(context.Background(), m, func(ctx context.Context) error {
		if err := Run(ctx, m, succeed); err != nil {
			t.Errorf("both permits should be there: %v", err)
		}
		return nil
	})
}

// C6. A timeout by goroutine leaks them, 236,204 in one report. failsafe-go's sets no
// deadline, so that the callee cannot pass it on.
func TestLessonC6_TimeoutIsADeadlineNotAGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, all(timeouts(time.Minute, time.Second), retry(func(*Retry) {})))
		var earlier context.Context
		err := Run(t.Context(), m, func(ctx context.Context) error {
			if !strings.Contains(string(debug.Stack()), t.Name()) {
				t.Error("the callee runs on a goroutine of its own")
			}
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != time.Second {
				t.Errorf("the callee sees a deadline in %v, want 1s", time.Until(deadline))
			}
			if earlier == nil {
				earlier = ctx
				return errDown
			}
			if earlier.Err() != context.Canceled {
				t.Error("the first attempt's timer is still running")
			}
			<-ctx.Done()
			return fmt.Errorf("query: %w", ctx.Err())
		})
		if !errors.Is(err, ErrTimeout) || !errors.Is(err, ErrExhausted) {
			t.Errorf("got %v", err)
		}
	})
}

// C7. A per-attempt context that is cancelled at return cuts off the stream which the
// caller is reading: vault, ignition, hugo, openai-go. Such methods are refused at
// generation: testdata/refused.txtar.

// C8. A panic in a hedge's goroutine kills the process in failsafe-go; in resilience4j
// a hedge that fails fast beats a slower good primary.
func TestLessonC8_HedgesNeitherKillNorFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, hedge(Hedge{Delay: time.Millisecond, Max: 5}))
		v, err := Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if Attempt(ctx) > 1 {
				return 0, errDown
			}
			time.Sleep(time.Second)
			return 42, nil
		}, nil)
		if v != 42 || err != nil {
			t.Errorf("got %d, %v; want the slow success", v, err)
		}
		defer func() {
			if p, ok := recover().(*HedgePanic); !ok || p.Value != "boom" {
				t.Errorf("recovered %v, want the hedge's panic", p)
			}
		}()
		Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if Attempt(ctx) == 2 {
				panic("boom")
			}
			return 0, hang(ctx)
		}, nil)
	})
}

// D. Around them

// D1. In resilience4j an inner fallback disables the retry around it. Generated code
// asks for the fallback last; this is its shape, testdata/fallback.txtar its test.
func TestLessonD1_FallbackIsOutermost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, all(retry(func(*Retry) {}), breaker(func(b *Breaker) { b.Consecutive = 3 })))
		backend := &callee{answers: fails(99)}
		get := func(ctx context.Context) error {
			err := Run(ctx, m, backend.call)
			if m.FallsBack(ctx, err) {
				return nil
			}
			return err
		}
		for range 5 {
			if err := get(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if s := c.Stats().Method("Get"); len(backend.calls) != 3 || s.Retries != 2 || s.Fallbacks != 5 || s.Exhausted != 1 || s.Open != 4 {
			t.Errorf("%d calls, stats %+v; want three attempts before the first fallback", len(backend.calls), s)
		}
		wantState(t, c, StateOpen) // fallbacks are no sign of life
		if m.FallsBack(t.Context(), errNotFound) {
			t.Error("a fallback would replace the callee's answer")
		}
	})
}

// D2. In resilience4j a wrong name gives defaults and a missing fallback a warning;
// MicroProfile ignores an override that attaches to nothing. Directives are checked
// at generation: testdata/mistakes.txtar.
func TestLessonD2_OverrideOfNothingIsAnError(t *testing.T) {
	for target, directive := range map[string]string{"Shop.Gte": "retry", "Shopp": "breaker", "Shop.Pay": "timeout", "Shop": "retyr", "": "retry"} {
		if _, err := New(shop(), WithOverrides(Overrides{target: {directive: ""}})); err == nil || !strings.Contains(err.Error(), "override of "+target+":") {
			t.Errorf("%s of %q: got %v, want an error that names it", directive, target, err)
		}
	}
}

// D3. Values that can never take effect are accepted everywhere: a minimum above the
// window, a retry that cannot start.
func TestLessonD3_ValuesWithoutEffectAreErrors(t *testing.T) {
	for name, set := range map[string]func(*Spec, *MethodSpec){
		"a retry that cannot start":        all(retry(func(r *Retry) { r.Initial = time.Second }), timeouts(time.Second, 0)),
		"a hedge that cannot start":        all(hedge(Hedge{Delay: time.Second, Max: 1}), timeouts(time.Second, 0)),
		"a breaker that never opens":       breaker(func(b *Breaker) { b.Consecutive, b.Ratio = 0, 0 }),
		"a window shorter than its calls":  all(breaker(func(b *Breaker) { b.Window = time.Second }), timeouts(0, time.Second)),
		"a call that is never slow enough": all(breaker(func(b *Breaker) { b.Slow = time.Second }), timeouts(time.Second, 0)),
		"an attempt longer than the call":  timeouts(time.Second, time.Minute),
		"a wait longer than the call":      all(bulk(Bulkhead{Calls: 1, Wait: time.Second}), timeouts(time.Second, 0)),
		"keys of nothing":                  breaker(func(b *Breaker) { b.Keys = 10 }),
		"a limit of no rate":               limit(Limit{Burst: 10}),
	} {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
		set(&spec, &spec.Methods[0])
		if _, err := New(spec); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// D4. An older Rust system wraps errors by their text, and their type is lost; callers
// of os.IsNotExist need the callee's own error, which no wrapping survives.
func TestLessonD4_ErrorsKeepTheirIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, all(retry(func(*Retry) {}), breaker(func(*Breaker) {}), bulk(Bulkhead{Calls: 1}), timeouts(time.Minute, time.Second)))
		own := &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}
		if err := Run(t.Context(), m, func(context.Context) error { return own }); err != error(own) || !os.IsNotExist(err) {
			t.Errorf("got %v, want the callee's own error", err)
		}
		err := Run(t.Context(), m, func(context.Context) error { return Infra(own) })
		var path *os.PathError
		if !errors.As(err, &path) || path != own || !errors.Is(err, ErrExhausted) {
			t.Errorf("got %v, want the callee's error within it", err)
		}
	})
}

// D5. In an older Python system a name in a process-wide map is the breaker: unrelated
// functions share one, and whoever comes first configures it.
func TestLessonD5_StateBelongsToAClient(t *testing.T) {
	_, strict := one(t, breaker(func(b *Breaker) { b.Consecutive = 1 }))
	c, lax := one(t, breaker(func(b *Breaker) { b.Consecutive = 3 })) // of the same names
	Run(context.Background(), strict, fail)
	for range 2 {
		Run(context.Background(), lax, fail)
	}
	wantState(t, c, StateClosed)
	Run(context.Background(), lax, fail)
	wantState(t, c, StateOpen)
}

func detonate() error { panic("boom") }

// D6. Wrappers that recover and panic again lose the stack; few keep their books
// right, and none on runtime.Goexit.
func TestLessonD6_PanicsPassWithTheirStackAndAreBooked(t *testing.T) {
	set := all(retry(func(r *Retry) { r.Initial = time.Nanosecond }), breaker(func(*Breaker) {}), timeouts(time.Minute, 2*time.Second),
		bulk(Bulkhead{Calls: 1}), hedge(Hedge{Delay: time.Second, Max: 1}))
	for name, call := range map[string]func(*Method, func() error){
		"call": func(m *Method, f func() error) {
			Run(context.Background(), m, func(context.Context) error { return f() })
		},
		"hedged": func(m *Method, f func() error) {
			Hedged(context.Background(), m, func(context.Context) (int, error) { return 0, f() }, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := one(t, set)
			func() {
				defer func() {
					if r := recover(); r != "boom" || !strings.Contains(string(debug.Stack()), ".detonate(") {
						t.Errorf("recovered %v at\n%s", r, debug.Stack())
					}
				}()
				call(m, detonate)
			}()
			done := make(chan bool)
			go func() {
				defer close(done)
				call(m, func() error { runtime.Goexit(); return nil })
			}()
			<-done
			if s := c.Stats().Method("Get"); s.Panicked != 2 || s.Calls != 2 || s.Attempts != 2 || s.Retries != 0 {
				t.Errorf("stats %+v; want 2 calls, panicked, of an attempt each", s)
			}
			call(m, func() error { return nil })
			if s := c.Stats().Method("Get"); s.Succeeded != 1 {
				t.Errorf("a guard did not get over it: %+v", s)
			}
			func() {
				defer func() { recover() }()
				attempts := 0
				call(m, func() error {
					if attempts++; attempts == 1 {
						return errDown
					}
					return detonate()
				})
			}()
			retries, hedges := uint64(1), uint64(0)
			if name == "hedged" { // what fails at once is hedged at once
				retries, hedges = 0, 1
			}
			if s := c.Stats().Method("Get"); s.Panicked != 3 || s.Attempts != 5 || s.Retries != retries || s.Hedges != hedges {
				t.Errorf("stats %+v; want the call that panicked at its second attempt, too", s)
			}
		})
	}
}

// D7. Counters handed out alive change while they are read, or are changed.
func TestLessonD7_StatsAreASnapshot(t *testing.T) {
	c, m := one(t, breaker(func(*Breaker) {}))
	Run(context.Background(), m, succeed)
	before := c.Stats()
	Run(context.Background(), m, succeed)
	if before.Method("Get").Calls != 1 || before.Breaker("Store").Successes != 1 {
		t.Errorf("the snapshot moved on: %+v", before)
	}
	before.Methods[0].Calls, before.Breakers[0].State = 99, StateOpen
	if s := c.Stats(); s.Method("Get").Calls != 2 || s.Breaker("Store").State != StateClosed {
		t.Errorf("who changes a snapshot changes the client: %+v", s)
	}
}

// D8. A metric label for each key, or each error text, is without bound.
func TestLessonD8_NothingIsLabelledByKey(t *testing.T) {
	labels := map[string]bool{}
	b := copyOf(&testBreaker)
	b.Per = "peer"
	c := newClient(t, Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{Breaker: b}}}},
		WithObserver(func(_ context.Context, e Event) {
			labels[fmt.Sprint(e.Kind, e.Client, e.Method, e.Breaker, e.Class, e.Outcome, e.From, e.To)] = true
		}))
	get := keyed[int](c, "Get")
	var few int
	for key := range 1000 {
		for range 5 {
			Run(context.Background(), get.For(key), func(context.Context) error { return Infra(fmt.Errorf("peer %d: %w", key, io.EOF)) })
		}
		if key == 0 {
			few = len(labels)
		}
	}
	if s := c.Stats(); len(labels) != few || len(s.Breakers) != 1 || len(s.Methods) != 1 {
		t.Errorf("%d labels for a thousand keys, %d for one", len(labels), few)
	}
}

// explode makes a call that panics.
func explode(m *Method) {
	defer func() { recover() }()
	Run(context.Background(), m, func(context.Context) error { panic("boom") })
}

// exit makes a call that ends its goroutine.
func exit(m *Method) {
	done := make(chan bool)
	go func() {
		defer close(done)
		Run(context.Background(), m, func(context.Context) error { runtime.Goexit(); return nil })
	}()
	<-done
}
