package resil

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func withLimit(l Limit) func(*Spec, *MethodSpec) {
	l.Name = "Store"
	return func(_ *Spec, m *MethodSpec) { m.Limit = copyOf(&l) }
}

func TestLimitAdmitsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Minute}}))
		admitted := func(n int) (ok int) {
			for range n {
				if Run(t.Context(), m, succeed) == nil {
					ok++
				}
			}
			return ok
		}
		if n := admitted(100); n != 10 {
			t.Errorf("%d calls at once, want the burst of 10", n)
		}
		time.Sleep(6 * time.Second)
		if n := admitted(100); n != 1 {
			t.Errorf("%d calls after 6s at 10/60s, want 1", n)
		}
		time.Sleep(24 * time.Hour)
		if n := admitted(100); n != 10 {
			t.Errorf("%d calls after a quiet day, want no more than the burst", n)
		}
		if s := c.Stats().Method("Get"); s.Limited != 279 || s.Succeeded != 21 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestLimitedTellsWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 10, Per: time.Minute}, Burst: 1}))
		Run(t.Context(), m, succeed)
		err := Run(t.Context(), m, succeed)
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrLimited || e.RetryAfter() != 6*time.Second {
			t.Fatalf("got %v, want ErrLimited for 6s", err)
		}
		time.Sleep(e.RetryAfter())
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("after RetryAfter: %v", err)
		}
	})
}

func TestLimitWaits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		wait   time.Duration
		caller time.Duration // deadline, 0 for none
		took   time.Duration
		ok     bool
	}{
		{"long enough", 2 * time.Second, 0, time.Second, true},
		{"just long enough", time.Second, 0, time.Second, true},
		{"to the caller's deadline: at once", 2 * time.Second, time.Second, 0, false},
		{"too short: at once", 900 * time.Millisecond, 0, 0, false},
		{"beyond the caller's deadline: at once", 2 * time.Second, 900 * time.Millisecond, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: tt.wait}))
				ctx := t.Context()
				if tt.caller > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.caller)
					defer cancel()
				}
				Run(ctx, m, succeed)
				start := time.Now()
				err := Run(ctx, m, succeed)
				if took := time.Since(start); took != tt.took || (err == nil) != tt.ok {
					t.Errorf("%v after %v, want after %v", err, took, tt.took)
				}
				if !tt.ok && !errors.Is(err, ErrLimited) {
					t.Errorf("got %v, want ErrLimited", err)
				}
				time.Sleep(time.Second)
				if err := Run(t.Context(), m, succeed); err != nil {
					t.Errorf("a refusal took a token: %v", err)
				}
			})
		})
	}
}

func TestCancelWhileWaitingForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour}))
		Run(t.Context(), m, succeed)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := Run(ctx, m, succeed); err != context.Canceled {
			t.Errorf("got %v, want the cancellation and not ErrLimited", err)
		}
		if s := c.Stats().Method("Get"); s.Canceled != 1 || s.Limited != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestOpenBreakerCostsNoTokenAndNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withLimit(Limit{Rate: Rate{Count: 5, Per: time.Hour}, Wait: time.Minute})))
		c.Breaker("Store").ForceOpen()
		start := time.Now()
		for range 100 {
			if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
				t.Fatalf("got %v, want ErrOpen", err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("refusing took %v", took)
		}
		c.Breaker("Store").Reset()
		for range 5 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Fatalf("a refusal took a token: %v", err)
			}
		}
	})
}

func TestBreakerThatOpensDuringTheWaitRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withLimit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour})))
		Run(t.Context(), m, succeed)
		time.AfterFunc(time.Second, c.Breaker("Store").ForceOpen)
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("got %v, want ErrOpen after the wait", err)
		}
	})
}

func TestEveryAttemptTakesAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withLimit(Limit{Rate: Rate{Count: 2, Per: time.Hour}})))
		backend := &callee{answers: failures(9)}
		err := Run(t.Context(), m, backend.call)
		if len(backend.calls) != 2 || !errors.Is(err, ErrLimited) || !errors.Is(err, errDown) {
			t.Errorf("%d calls, %v; want 2 and ErrLimited around the last error", len(backend.calls), err)
		}
	})
}

func TestConcurrentCallersGetTheRateNoMoreNoLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 10}))
		var admitted atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 1000 {
					if Run(t.Context(), m, succeed) == nil {
						admitted.Add(1)
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		wg.Wait()
		// 10 at once, then one each 10 ms for 10 s.
		if n := admitted.Load(); n < 1008 || n > 1010 {
			t.Errorf("%d admitted in 10s at 100/s with a burst of 10, want 1010 less rounding", n)
		}
	})
}

// A waiting call is one that asked a guard whose line it may join.
type waitingCall struct {
	asked, ended time.Duration // since the bubble's start
	admitted     bool
	refused      bool // by the guard
}

// ahead counts the calls that waited when w asked. Who left at that moment may have
// been gone, or not yet.
func (w *waitingCall) ahead(all []waitingCall) (least, most int) {
	for i := range all {
		switch o := &all[i]; {
		case o.asked >= w.asked || o.ended < w.asked || o.asked == o.ended:
		case o.ended == w.asked:
			most++
		default:
			least++
			most++
		}
	}
	return least, most
}

// While anyone waits, the limit is used up and not exceeded, whoever gives up and
// when. Who came first is served first. A call waits if its turn comes within its
// time and the queue, and is refused at once otherwise.
func TestLineGetsTheRateAndKeepsItsOrder(t *testing.T) {
	type planned struct {
		Pause            time.Duration // since the one before
		Cancel, Deadline time.Duration // 0 for none
	}
	rapid.Check(t, func(rt *rapid.T) {
		policy := Limit{
			Rate:  Rate{Count: rapid.IntRange(1, 200).Draw(rt, "count"), Per: sampled(rt, "per", time.Second, 7*time.Second, time.Minute)},
			Burst: sampled(rt, "burst", 1, 1, 2, 10),
			Queue: sampled(rt, "queue", 0, 0, 1, 5),
		}
		perSecond := float64(policy.Rate.Count) / policy.Rate.Per.Seconds()
		each := time.Duration(float64(time.Second) / perSecond)
		span := func(label string, high time.Duration) *rapid.Generator[time.Duration] {
			return rapid.OneOf(
				rapid.Map(rapid.IntRange(0, int(high/each)), func(n int) time.Duration { return time.Duration(n) * each }),
				rapid.Map(rapid.Int64Range(0, int64(high)), func(n int64) time.Duration { return time.Duration(n) }))
		}
		policy.Wait = 1 + span("wait", 8*each).Draw(rt, "wait")
		plans := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) planned {
			p := planned{Pause: 1 + span("pause", 2*each).Draw(rt, "pause")}
			switch rapid.IntRange(0, 3).Draw(rt, "patience") {
			case 0:
				p.Cancel = 1 + span("cancel", 8*each).Draw(rt, "cancel")
			case 1:
				p.Deadline = 1 + span("deadline", 8*each).Draw(rt, "deadline")
			}
			return p
		}), 1, 60).Draw(rt, "plans")

		inBubble(t, rt, func(t *testing.T) error {
			_, m := newMethod(t, withLimit(policy))
			start := time.Now()
			for range policy.Burst {
				Run(t.Context(), m, succeed)
			}
			calls := make([]waitingCall, len(plans))
			var wg sync.WaitGroup
			for i, p := range plans {
				time.Sleep(p.Pause)
				ctx, cancel := context.WithCancel(t.Context())
				if p.Cancel > 0 {
					time.AfterFunc(p.Cancel, cancel)
				}
				if p.Deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, p.Deadline)
				}
				wg.Go(func() {
					defer cancel()
					w := &calls[i]
					w.asked = time.Since(start)
					err := Run(ctx, m, succeed)
					w.ended, w.admitted, w.refused = time.Since(start), err == nil, errors.Is(err, ErrLimited)
				})
				synctest.Wait()
			}
			wg.Wait()

			// Where it matters by less than two nanoseconds, either is right.
			const rounding = 2
			var last time.Duration
			for i := range calls {
				w, p := &calls[i], plans[i]
				least, most := w.ahead(calls)
				earliest := time.Duration(float64(least)/perSecond*float64(time.Second)) - rounding
				latest := time.Duration(float64(most+1)/perSecond*float64(time.Second)) + rounding
				waited := w.ended - w.asked
				hopeless := latest > policy.Wait || p.Deadline > 0 && latest >= p.Deadline || policy.Queue > 0 && most >= policy.Queue
				switch {
				case w.refused && waited > 0:
					return fmt.Errorf("call %d was refused after %v, want at once", i, waited)
				case w.refused && !hopeless:
					return fmt.Errorf("call %d was refused with %d ahead, whose turn comes within %v", i, most, latest)
				case waited > policy.Wait+rounding:
					return fmt.Errorf("call %d waited %v, want at most %v", i, waited, policy.Wait)
				case waited > 0 && (earliest > policy.Wait || policy.Queue > 0 && least >= policy.Queue):
					return fmt.Errorf("call %d waited with %d ahead", i, least)
				case waited > 0 && !w.admitted && p.Cancel == 0:
					return fmt.Errorf("call %d waited %v and got nothing though it never gave up", i, waited)
				}
				if w.admitted {
					if w.ended < last {
						return fmt.Errorf("call %d was admitted at %v, and one that came later at %v", i, w.ended, last)
					}
					last = w.ended
				}
			}
			return checkRate(calls, perSecond, policy.Burst)
		})
	})
}

// checkRate finds a time in which more calls were admitted than a limit allows, or
// one in which somebody always waited and fewer were.
func checkRate(calls []waitingCall, perSecond float64, burst int) error {
	var admitted []time.Duration
	for i := range calls {
		if calls[i].admitted {
			admitted = append(admitted, calls[i].ended)
		}
	}
	slices.Sort(admitted)
	for i, from := range admitted {
		for n, to := range admitted[i:] {
			if most := float64(burst) + (to-from).Seconds()*perSecond; float64(n+1) > most+1e-3 {
				return fmt.Errorf("%d admitted in %v, want at most %.3f", n+1, to-from, most)
			}
		}
	}
	var from, to time.Duration
	check := func() error {
		n := 0
		for _, at := range admitted {
			if from <= at && at <= to {
				n++
			}
		}
		if least := (to-from).Seconds()*perSecond - 1; float64(n) < least-1e-3 {
			return fmt.Errorf("somebody waited from %v to %v, and %d were admitted; want %.3f", from, to, n, least)
		}
		return nil
	}
	for i := range calls {
		if w := &calls[i]; w.asked > to {
			if err := check(); err != nil {
				return err
			}
			from, to = w.asked, w.ended
		} else {
			to = max(to, w.ended)
		}
	}
	return check()
}

// The same on real processors: with more callers than tokens, of whom many give up,
// the limit is kept and used up.
func TestLineGetsTheRateOnManyProcessors(t *testing.T) {
	const perSecond, callers, length = 500, 100, 300 * time.Millisecond
	round := func() (share float64) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: perSecond, Per: time.Second}, Burst: 1, Wait: time.Second}))
		start := time.Now()
		var admitted, first, last atomic.Int64
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for time.Since(start) < length {
					ctx, cancel := context.WithCancel(context.Background())
					timer := time.AfterFunc(rand.N(500*time.Millisecond), cancel)
					Run(ctx, m, func(context.Context) error {
						now := int64(time.Since(start))
						admitted.Add(1)
						first.CompareAndSwap(0, now)
						last.Store(max(last.Load(), now))
						return nil
					})
					timer.Stop()
					cancel()
				}
			})
		}
		wg.Wait()
		if l := m.limiter; l.waiters.Len() != 0 || l.armed != 0 {
			t.Errorf("%d are left in the line, timer for %v", l.waiters.Len(), l.armed)
		}
		n := float64(admitted.Load() - 1)
		if most := time.Since(start).Seconds() * perSecond; n > most {
			t.Errorf("%v admitted beside the burst, want at most %.1f", n, most)
		}
		return n / time.Duration(last.Load()-first.Load()).Seconds() / perSecond
	}
	var shares []float64
	for range 10 {
		share := round()
		if share >= 0.98 {
			return
		}
		shares = append(shares, share) // the machine may have stood still
	}
	t.Errorf("shares of the limit that were admitted: %.3f, want 0.98 once", shares)
}

// A doomed context is found dead when it is asked for the third time, though its
// Done channel stays open: a waiter under it is admitted and dead.
type doomed struct {
	context.Context
	asked atomic.Int64
}

func (d *doomed) Err() error {
	if d.asked.Add(1) > 2 { // before the first attempt, and by the engine
		return context.Canceled
	}
	return nil
}

func TestTokenOfACallerWhoGaveUpMeanwhileIsNotLost(t *testing.T) {
	t.Run("the next gets it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: time.Minute}))
			Run(t.Context(), m, succeed)
			start := time.Now()
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := Run(&doomed{Context: context.Background()}, m, succeed); err != context.Canceled {
					t.Errorf("got %v, want the cancellation", err)
				}
			})
			synctest.Wait()
			for i := range 2 {
				wg.Go(func() {
					if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != time.Duration(i+1)*time.Second {
						t.Errorf("call %d passed after %v: %v", i, time.Since(start), err)
					}
				})
				synctest.Wait()
			}
			wg.Wait()
		})
	})
	t.Run("the bucket gets it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Burst: 3, Wait: time.Minute}))
			for range 3 {
				Run(t.Context(), m, succeed)
			}
			Run(&doomed{Context: context.Background()}, m, succeed)
			start := time.Now()
			if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != 0 {
				t.Errorf("its token was there after %v: %v", time.Since(start), err)
			}
			time.Sleep(time.Hour)
			Run(&doomed{Context: context.Background()}, m, succeed)
			for range 10 {
				Run(t.Context(), m, succeed)
			}
			if took := time.Since(start) - time.Hour; took < 7*time.Second {
				t.Errorf("11 calls of a full bucket of 3 took %v, so that it held more", took)
			}
		})
	})
}

// Who waits as long as a refusal says is admitted, if nobody else comes, and nobody
// is told to wait for longer than that.
func TestRetryAfterIsEnough(t *testing.T) {
	check := func(t *testing.T, policy Limit, pauses []time.Duration) error {
		_, m := newMethod(t, withLimit(policy))
		for range policy.Burst {
			Run(t.Context(), m, succeed)
		}
		for _, pause := range pauses {
			time.Sleep(pause)
			var own *Error
			if !errors.As(Run(t.Context(), m, succeed), &own) {
				continue
			}
			told := own.RetryAfter()
			if early := told - 2; early > 0 {
				time.Sleep(early)
				if Run(t.Context(), m, succeed) == nil {
					return fmt.Errorf("told to wait %v, a call was admitted after %v", told, early)
				}
				time.Sleep(2 * time.Nanosecond)
			} else {
				time.Sleep(told)
			}
			if err := Run(t.Context(), m, succeed); err != nil {
				return fmt.Errorf("told to wait %v, a call that did was refused: %v", told, err)
			}
		}
		return nil
	}
	t.Run("table", func(t *testing.T) {
		var pauses []time.Duration
		for i := range 20 {
			pauses = append(pauses, time.Duration(i*13)*time.Millisecond/7)
		}
		for count := 1; count < 400; count += 7 {
			for _, per := range []time.Duration{time.Second, 7 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 24 * time.Hour} {
				synctest.Test(t, func(t *testing.T) {
					if err := check(t, Limit{Rate: Rate{Count: count, Per: per}, Burst: 1}, pauses); err != nil {
						t.Errorf("%d/%v: %v", count, per, err)
					}
				})
			}
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		per := time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(rt, "per"))
		policy := Limit{
			Rate:  Rate{Count: int(rapid.OneOf(rapid.Int64Range(1, min(1000, int64(per))), rapid.Int64Range(1, int64(per))).Draw(rt, "count")), Per: per},
			Burst: rapid.IntRange(1, 20).Draw(rt, "burst"),
		}
		each := int64(per) / int64(policy.Rate.Count)
		pauses := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 2*each), func(n int64) time.Duration { return time.Duration(n) }), 1, 20).Draw(rt, "pauses")
		inBubble(t, rt, func(t *testing.T) error { return check(t, policy, pauses) })
	})
}

// Rates that no clock can tell from "never" and "always" do no harm.
func TestRatesAtTheEndsOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: 1 << 62}, Burst: 1, Wait: time.Hour}))
		Run(t.Context(), m, succeed)
		for range 3 {
			var own *Error
			if err := Run(t.Context(), m, succeed); !errors.As(err, &own) || own.RetryAfter() < 100*365*24*time.Hour {
				t.Errorf("got %v, want ErrLimited for centuries", err)
			}
			time.Sleep(time.Hour)
		}
		_, m = newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: 1}, Burst: 1, Wait: time.Hour}))
		for range 100 {
			if err := Run(t.Context(), m, succeed); err != nil {
				t.Errorf("one a nanosecond: %v", err)
			}
		}
	})
}

// A process that stood still does not make up for all of that time at once.
func TestLineAfterAStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 1, Wait: time.Hour}))
		Run(t.Context(), m, succeed)
		var admitted atomic.Int64
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() {
				Run(t.Context(), m, func(context.Context) error { admitted.Add(1); return nil })
			})
		}
		synctest.Wait()
		m.limiter.timer.Stop() // nobody hands tokens out
		time.Sleep(3 * time.Second)
		m.limiter.tick()
		synctest.Wait()
		if n := admitted.Load(); n != 11 {
			t.Errorf("%d admitted after 3s of standstill at 100/s, want what came in the last 100ms", n)
		}
		wg.Wait()
	})
}

func TestHintHoldsTheLimiterBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*Spec, *MethodSpec)
		held time.Duration
	}{
		{"for as long as it says", withRetry(func(r *Retry) { r.Attempts = 1; r.Max = time.Hour }), time.Minute},
		{"no longer than the retries wait", withRetry(func(r *Retry) { r.Attempts = 1; r.Max = 5 * time.Second; r.Initial = 1 }), 5 * time.Second},
		{"no longer than 30s without a retry", func(*Spec, *MethodSpec) {}, 30 * time.Second},
		{"not where hints are off", func(_ *Spec, m *MethodSpec) { m.Limit.Hints = HintsIgnored }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withAll(withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}}), tt.set))
				Run(t.Context(), m, func(context.Context) error { return Throttle(errDown, time.Minute) })
				if tt.held > 0 {
					time.Sleep(tt.held - time.Second)
					var own *Error
					if err := Run(t.Context(), m, succeed); !errors.As(err, &own) || own.RetryAfter() != time.Second {
						t.Errorf("got %v, want ErrLimited for 1s", err)
					}
					time.Sleep(time.Second)
				}
				for range 99 {
					if err := Run(t.Context(), m, succeed); err != nil {
						t.Fatalf("then: %v", err)
					}
				}
			})
		})
	}
}

func TestOnlyAThrottledAttemptsHintHoldsBack(t *testing.T) {
	for _, err := range []error{Throttle(errDown, 0), App(askedFor(time.Minute)), Infra(askedFor(time.Minute)), errDown} {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 100, Per: time.Second}}))
		Run(context.Background(), m, func(context.Context) error { return err })
		if err := Run(context.Background(), m, succeed); err != nil {
			t.Errorf("after %v: %v", err, err)
		}
	}
}

// Those in the line when a hint comes wait on, in their order, as long as they would.
func TestWaitersWaitOnUnderAHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Burst: 2, Wait: 5 * time.Second}))
		start := time.Now()
		for range 2 {
			Run(t.Context(), m, succeed)
		}
		ended := make([]time.Duration, 5)
		errs := make([]error, 5)
		var wg sync.WaitGroup
		for i := range ended {
			wg.Go(func() {
				errs[i] = Run(t.Context(), m, succeed)
				ended[i] = time.Since(start)
			})
			synctest.Wait()
		}
		time.Sleep(500 * time.Millisecond)
		m.limiter.hold(m.client.now(), 3*time.Second)
		m.limiter.hold(m.client.now(), time.Second) // a shorter one changes nothing
		wg.Wait()
		// The bucket is full again when the hint has passed.
		want := []time.Duration{3500 * time.Millisecond, 3500 * time.Millisecond, 4500 * time.Millisecond, 5 * time.Second, 5 * time.Second}
		if !slices.Equal(ended, want) {
			t.Errorf("the waits ended at %v, want %v", ended, want)
		}
		for i, err := range errs {
			if ok := i < 3; ok != (err == nil) || !ok && !errors.Is(err, ErrLimited) {
				t.Errorf("call %d got %v", i, err)
			}
		}
	})
}

func TestHintHoldsOneKeyBackAndKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1000, Per: time.Second}, Scope: Scope{Per: "peer", Keys: 1}}))
		get := keyedMethod[string](c, "Get")
		Run(t.Context(), get.For("a"), func(context.Context) error { return Throttle(errDown, 20*time.Second) })
		for range 2 {
			time.Sleep(9 * time.Second)
			if err := Run(t.Context(), get.For("b"), succeed); err != nil { // shares the overflow
				t.Errorf("the hint for a held b back: %v", err)
			}
			if err := Run(t.Context(), get.For("a"), succeed); !errors.Is(err, ErrLimited) {
				t.Errorf("got %v, want a held back", err)
			}
		}
		time.Sleep(2 * time.Second)
		if err := Run(t.Context(), get.For("a"), succeed); err != nil {
			t.Errorf("after the hint: %v", err)
		}
		time.Sleep(time.Second)
		held := get.For("b").entry
		if held == get.table.overflow {
			t.Error("a is as good as new and keeps its place from b")
		}
	})
}

// While a hint holds everybody back, as many may wait as will get a token in time
// when it has passed.
func TestLineUnderAHintKnowsItsTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Burst: 3, Wait: 11 * time.Second}))
		start := time.Now()
		Run(t.Context(), m, func(context.Context) error { return Throttle(errDown, 10*time.Second) })
		var wg sync.WaitGroup
		for i, want := range []time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second, 11 * time.Second} {
			wg.Go(func() {
				if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != want {
					t.Errorf("call %d ended after %v, want %v: %v", i, time.Since(start), want, err)
				}
			})
			synctest.Wait()
		}
		var own *Error
		if err := Run(t.Context(), m, succeed); !errors.As(err, &own) || own.RetryAfter() != 12*time.Second {
			t.Errorf("got %v, want ErrLimited for 12s", err)
		}
		wg.Wait()
	})
}

// A timer that is late costs nobody the token that has come, and lets no newcomer
// take it.
func TestLineUnderALateTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: 1500 * time.Millisecond}))
		start := time.Now()
		Run(t.Context(), m, succeed)
		var wg sync.WaitGroup
		call := func(name string, want time.Duration) {
			wg.Go(func() {
				if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != want {
					t.Errorf("the %s call ended after %v, want %v: %v", name, time.Since(start), want, err)
				}
			})
			synctest.Wait()
		}
		call("first", 1050*time.Millisecond)
		m.limiter.timer.Stop()
		time.Sleep(1050 * time.Millisecond)
		call("second", 2*time.Second) // finds the token, and the first before it
		wg.Wait()

		call("third", 3500*time.Millisecond) // when its patience ends
		m.limiter.timer.Stop()
		wg.Wait()
	})
}

// A timer that is early leaves the line as it is.
func TestLineUnderAnEarlyTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: 2 * time.Second}))
		start := time.Now()
		Run(t.Context(), m, succeed)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != time.Second {
				t.Errorf("ended after %v, want 1s: %v", time.Since(start), err)
			}
		})
		synctest.Wait()
		m.limiter.timer.Stop()
		m.limiter.tick()
		wg.Wait()
	})
}

// Whoever is let into the line and stays gets a token, though turns and timers are
// whole nanoseconds and tokens are not.
func TestWhoIsLetIntoTheLineGetsAToken(t *testing.T) {
	const calls = 20
	for count := 1; count < 1000; count += 6 {
		for n := range calls {
			synctest.Test(t, func(t *testing.T) {
				wait := time.Duration(n+1) * time.Second / time.Duration(count)
				_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: count, Per: time.Second}, Burst: 1, Wait: wait}))
				start := time.Now()
				Run(t.Context(), m, succeed)
				for range calls {
					go func() {
						if err := Run(t.Context(), m, succeed); err != nil && time.Since(start) > 0 {
							t.Errorf("%d/s wait=%v: refused after a wait of %v", count, wait, time.Since(start))
						}
					}()
				}
			})
		}
	}
}

func TestBreakerThatOpensDuringTheWaitRefusesBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}),
			withLimit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour}),
			withBulkhead(Bulkhead{Calls: 1, Wait: time.Hour})))
		var wg sync.WaitGroup
		wg.Go(func() {
			Run(t.Context(), m, func(context.Context) error { time.Sleep(10 * time.Minute); return nil })
		})
		synctest.Wait()
		start := time.Now()
		time.AfterFunc(time.Second, c.Breaker("Store").ForceOpen)
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want ErrOpen when the token has come", err, time.Since(start))
		}
		wg.Wait()
	})
}
