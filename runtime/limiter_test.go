package resil

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func limit(l Limit) func(*Spec, *MethodSpec) {
	l.Name = "Store"
	return func(_ *Spec, m *MethodSpec) { m.Limit = copyOf(&l) }
}

func TestLimitAdmitsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, limit(Limit{Rate: Rate{Count: 10, Per: time.Minute}}))
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
		_, m := one(t, limit(Limit{Rate: Rate{Count: 10, Per: time.Minute}, Burst: 1}))
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
		{"too short: at once", 900 * time.Millisecond, 0, 0, false},
		{"beyond the caller's deadline: at once", 2 * time.Second, 900 * time.Millisecond, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := one(t, limit(Limit{Rate: Rate{Count: 1, Per: time.Second}, Wait: tt.wait}))
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
		c, m := one(t, limit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour}))
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
		c, m := one(t, all(breaker(func(*Breaker) {}), limit(Limit{Rate: Rate{Count: 5, Per: time.Hour}, Wait: time.Minute})))
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
		c, m := one(t, all(breaker(func(*Breaker) {}), limit(Limit{Rate: Rate{Count: 1, Per: time.Minute}, Wait: time.Hour})))
		Run(t.Context(), m, succeed)
		time.AfterFunc(time.Second, c.Breaker("Store").ForceOpen)
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("got %v, want ErrOpen after the wait", err)
		}
	})
}

func TestEveryAttemptTakesAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, all(retry(func(*Retry) {}), limit(Limit{Rate: Rate{Count: 2, Per: time.Hour}})))
		backend := &callee{answers: fails(9)}
		err := Run(t.Context(), m, backend.call)
		if len(backend.calls) != 2 || !errors.Is(err, ErrLimited) || !errors.Is(err, errDown) {
			t.Errorf("%d calls, %v; want 2 and ErrLimited around the last error", len(backend.calls), err)
		}
	})
}

func TestConcurrentCallersGetTheRateNoMoreNoLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, limit(Limit{Rate: Rate{Count: 100, Per: time.Second}, Burst: 10}))
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
