package resil

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// How other libraries broke with limits, bulkheads, timeouts and hedges: section C of the lessons. Each test is one line of
// that section: its comment names who broke and how, and its body shows that this
// library does not. The rules in full are tested beside the code they belong to.

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
			_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: rate, Per: time.Second}, Burst: burst, Wait: wait}))
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
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: time.Minute}))
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
		_, m := newMethod(t, withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: time.Hour}))
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
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}}), withBulkhead(Bulkhead{Calls: 1})))
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
func TestLessonC4_OpenRefusesBeforeTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(b *Breaker) { b.Consecutive, b.Probes = 1, 1 }), withLimit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour})))
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
	_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 2}))
	for range 10 {
		panicInCall(m)
		exitInCall(m)
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
		_, m := newMethod(t, withAll(withTimeouts(time.Minute, time.Second), withRetry(func(*Retry) {})))
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
		_, m := newMethod(t, withHedge(Hedge{Delay: time.Millisecond, Max: 5}))
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
