package resil

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// How other libraries broke with retries: section B of the lessons. Each test is one line of
// that section: its comment names who broke and how, and its body shows that this
// library does not. The rules in full are tested beside the code they belong to.

// B1. "max attempts 3" made four calls in an older Rust system.
func TestLessonB1_AttemptsAreCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for attempts := 1; attempts <= 5; attempts++ {
			_, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = attempts }))
			backend := &callee{answers: failures(99)}
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
		_, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts, r.Budget = 2000, 0 }))
		backend := &callee{answers: failures(2000)}
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
			_, m := newMethod(t, withRetry(func(r *Retry) {
				r.Attempts, r.Budget, r.Jitter = 200, 0, jitter
				r.Initial, r.Max = time.Second, time.Second
			}))
			backend := &callee{answers: failures(200)}
			Run(t.Context(), m, backend.call)
			if longest := slices.Max(backend.gaps()); longest > time.Second {
				t.Errorf("%v jitter paused %v, beyond max=1s", jitter, longest)
			}
			if jitter == JitterNone && slices.Min(backend.gaps()) != time.Second {
				t.Errorf("no jitter became another delay: %v", backend.gaps())
			}
		})
	}
	spec := fullSpec()
	spec.Methods[0].Retry = &Retry{Attempts: 5, Max: time.Second}
	if _, err := New(spec); err == nil {
		t.Error("a delay that was never set is taken for none")
	}
}

// B4. failsafe-go fires an attempt at the very deadline, everybody sleeps past it.
func TestLessonB4_NobodySleepsToTheDeadline(t *testing.T) {
	for d := 50 * time.Millisecond; d <= 2*time.Second; d += 50 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 99 }))
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			backend := &callee{answers: failures(99)}
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
			"total timeout": withTimeouts(time.Second, 0), "attempt timeout": withTimeouts(0, time.Second),
		} {
			c, m := newMethod(t, withAll(set, withRetry(func(*Retry) {})))
			late := func(ctx context.Context) (int, error) { <-ctx.Done(); return 42, nil }
			if v, err := Call(t.Context(), m, late); v != 42 || err != nil {
				t.Errorf("%s: got %d, %v; want 42, nil", name, v, err)
			}
			if s := c.Stats().Method("Get"); s.Succeeded != 1 || s.TimedOut != 0 {
				t.Errorf("%s: stats %+v", name, s)
			}
		}
		_, m := newMethod(t, withHedge(Hedge{Delay: time.Hour, Max: 1}))
		ctx, cancel := context.WithCancel(t.Context())
		if v, err := Hedged(ctx, m, func(context.Context) (int, error) { cancel(); return 42, nil }, nil); v != 42 || err != nil {
			t.Errorf("hedged: got %d, %v; want 42, nil", v, err)
		}
	})
}

// B6. cenkalti, failsafe-go, go-retryablehttp and an older Python system lose the
// last error on a cancel, on exhaustion or on a spent budget.
func TestLessonB6_LastErrorIsKept(t *testing.T) {
	three := withRetry(func(*Retry) {})
	for _, tt := range []struct {
		name             string
		set              func(*Spec, *MethodSpec)
		deadline, cancel time.Duration // the caller's
		want             error
	}{
		{"exhausted", three, time.Hour, time.Hour, ErrExhausted},
		{"deadline", three, 50 * time.Millisecond, time.Hour, ErrDeadline},
		{"canceled in the pause", three, time.Hour, 50 * time.Millisecond, context.Canceled},
		{"budget", withRetry(func(r *Retry) { r.Attempts, r.Backoff, r.Initial = 200, BackoffConstant, time.Millisecond }), time.Hour, time.Hour, ErrBudget},
		{"open", withAll(three, withBreaker(func(b *Breaker) { b.Consecutive = 1 })), time.Hour, time.Hour, ErrOpen},
		{"limited", withAll(three, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}})), time.Hour, time.Hour, ErrLimited},
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
					_, m := newMethod(t, withAll(tt.set, withHedge(Hedge{Delay: time.Second, Max: 1})))
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
	_, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withHedge(Hedge{Delay: time.Nanosecond, Max: 3})))
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
func TestLessonB8_NoUselessSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withRetry(func(r *Retry) { r.Initial, r.Backoff = time.Hour, BackoffConstant; r.Max = time.Hour }))
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

// B9. Retry-After obeyed without a cap: "retrying in 484289h".
func TestLessonB9_HintsAreCapped(t *testing.T) {
	for _, hint := range []time.Duration{testRetry.Max + 1, 484_289 * time.Hour, 1<<63 - 1} {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withRetry(func(*Retry) {}))
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
			_, m := newMethod(t, withRetry(func(*Retry) {}))
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
		c, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 2 }))
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
			panicInCall(m)
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
		_, outer := newMethod(t, withRetry(func(r *Retry) { r.On = []Class{Infrastructure} }))
		_, inner := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 4 }))
		backend := &callee{answers: failures(99)}
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
		c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(*Breaker) {})))
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
	_, m := newMethod(t, withRetry(func(*Retry) {}))
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
		c, m := newMethod(t, withRetry(func(*Retry) {}))
		for _, answers := range [][]error{failures(3), failures(1), {errNotFound}} {
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
		_, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts = 4 }), withHedge(Hedge{Delay: time.Millisecond, Max: 2})))
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
		c, m := newMethod(t, withRetry(func(*Retry) {}))
		spendAll(c)
		err := Run(t.Context(), m, func(context.Context) error { return Throttle(errors.New("quota exceeded"), 0) })
		if want := "Store.Get: client-side retry budget spent (1 attempt made): quota exceeded"; err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	})
}
