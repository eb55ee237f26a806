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
)

// F. What users of such libraries report: limiter and bulkhead.

// F1. Waiters that hold reservations and give up leave their debt behind: callers
// that cancelled after 200 ms pressed a limit of 10/s with wait=1s down to 13 calls a
// minute.
func TestLessonF1_WaitersThatGiveUpLeaveTheRateAlone(t *testing.T) {
	for _, wait := range []time.Duration{0, 250 * time.Millisecond, time.Second, 5 * time.Second} {
		for _, asked := range []int{12, 20, 100} {
			t.Run(fmt.Sprintf("wait=%v asked=%d/s", wait, asked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, m := one(t, limit(Limit{Rate: Rate{Count: 10, Per: time.Second}, Burst: 1, Wait: wait}))
					start := time.Now()
					var through atomic.Int64
					var wg sync.WaitGroup
					for range 60 * asked {
						ctx, cancel := context.WithCancel(t.Context())
						time.AfterFunc(200*time.Millisecond, cancel)
						wg.Go(func() {
							Run(ctx, m, func(context.Context) error {
								if time.Since(start) <= time.Minute {
									through.Add(1)
								}
								return nil
							})
						})
						time.Sleep(time.Second / time.Duration(asked))
					}
					wg.Wait()
					// Those who do not wait leave tokens lying until the next one comes.
					if n := through.Load(); wait > 0 && n < 588 || n < 350 || n > 601 {
						t.Errorf("%d calls in a minute went through a limit of 10/s", n)
					}
				})
			})
		}
	}
	for _, apart := range []time.Duration{0, time.Millisecond} {
		t.Run(fmt.Sprintf("all give up, %v apart", apart), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := one(t, limit(Limit{Rate: Rate{Count: 10, Per: time.Second}, Burst: 1, Wait: time.Minute}))
				Run(t.Context(), m, succeed)
				var wg sync.WaitGroup
				for i := range 50 {
					ctx, cancel := context.WithCancel(t.Context())
					wg.Go(func() { Run(ctx, m, succeed) })
					time.AfterFunc(50*time.Millisecond+time.Duration(i)*apart, cancel)
					synctest.Wait() // they join in this order
				}
				wg.Wait()
				start := time.Now()
				if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) > 100*time.Millisecond {
					t.Errorf("with nobody in the line a call waited %v for a limit of 10/s: %v", time.Since(start), err)
				}
			})
		})
	}
}

// F7. Callers that were all told one time come back in one instant. Behind a limiter
// that obeyed the hint they pass at its rate.
func TestLessonF7_HeldBackCallersPassAtTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, limit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 1, Wait: time.Minute}))
		Run(t.Context(), m, func(context.Context) error { return Throttle(errDown, 5*time.Second) })
		told := time.Now()
		var mu sync.Mutex
		at := map[time.Duration]int{}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := Run(t.Context(), m, succeed); err != nil {
					t.Errorf("got %v", err)
				}
				mu.Lock()
				at[time.Since(told)]++
				mu.Unlock()
			})
		}
		wg.Wait()
		for when, n := range at {
			if n > 1 || when < 5*time.Second {
				t.Errorf("%d of 100 calls passed %v after the hint of 5s", n, when)
			}
		}
	})
}

// F14. Callers who wait for a token held places in the bulkhead, and 10,000 waited
// in line for 2 places.
func TestLessonF14_NobodyHoldsAPlaceWhileWaitingForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &Bulkhead{Name: "Store", Calls: 2}
		spec := Spec{Name: "Store", Methods: []MethodSpec{
			{Name: "Slow", Policies: Policies{Bulkhead: shared, Limit: &Limit{Name: "Slow", Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour}}},
			{Name: "Free", Policies: Policies{Bulkhead: shared}},
		}}
		c := newClient(t, spec)
		Run(t.Context(), c.Method("Slow"), succeed)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { Run(t.Context(), c.Method("Slow"), succeed) })
		}
		synctest.Wait()
		if err := Run(t.Context(), c.Method("Free"), succeed); err != nil {
			t.Errorf("five wait for tokens, none is in the callee, but there is no place: %v", err)
		}
		wg.Wait()
	})
}

func TestLessonF14_LinesAreBounded(t *testing.T) {
	for name, set := range map[string]func(*Spec, *MethodSpec){
		"bulkhead": bulk(Bulkhead{Calls: 2, Wait: time.Hour, Queue: 10}),
		"limit":    limit(Limit{Rate: Rate{Count: 2, Per: time.Second}, Wait: time.Hour, Queue: 10}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := one(t, set)
				start := time.Now()
				var refused atomic.Int64
				var wg sync.WaitGroup
				for range 10_000 {
					wg.Go(func() {
						if Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second); return nil }) != nil {
							refused.Add(1)
							if time.Since(start) != 0 {
								t.Errorf("refused after %v, want at once", time.Since(start))
							}
						}
					})
				}
				wg.Wait()
				if n := refused.Load(); n != 10_000-12 {
					t.Errorf("%d of 10,000 refused, want all but 2 at once and 10 in the line", n)
				}
			})
		})
	}
}

// F19. After 429 with "not before a minute", 1,000 of 1,000 calls went out within 10 s:
// only the call that was told waited.
func TestLessonF19_AHintHoldsEveryCallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, all(
			limit(Limit{Rate: Rate{Count: 1000, Per: time.Second}}),
			retry(func(r *Retry) { r.Max = 2 * time.Minute })))
		start := time.Now()
		var early atomic.Int64
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { // under way when the hint comes
			Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second); return nil })
		})
		wg.Go(func() {
			told := false
			Run(t.Context(), m, func(context.Context) error {
				if told {
					return nil
				}
				told = true
				time.Sleep(time.Millisecond)
				return Throttle(errDown, time.Minute)
			})
		})
		time.Sleep(2 * time.Millisecond)
		for range 1000 {
			err := Run(t.Context(), m, func(context.Context) error {
				if time.Since(start) < time.Minute {
					early.Add(1)
				}
				return nil
			})
			var own *Error
			left := time.Minute + time.Millisecond - time.Since(start)
			if !errors.As(err, &own) || own.Reason != ErrLimited || own.RetryAfter() != left {
				t.Fatalf("got %v, want ErrLimited for %v", err, left)
			}
			time.Sleep(10 * time.Millisecond)
		}
		wg.Wait()
		if n := early.Load(); n != 0 {
			t.Errorf("told 'not before a minute', %d of 1,000 calls went out before", n)
		}
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("after the minute: %v", err)
		}
	})
}
