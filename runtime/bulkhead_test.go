package resil

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func bulk(b Bulkhead) func(*Spec, *MethodSpec) {
	b.Name = "Store"
	return func(_ *Spec, m *MethodSpec) { m.Bulkhead = copyOf(&b) }
}

func TestBulkheadBoundsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, bulk(Bulkhead{Calls: 2}))
		var wg sync.WaitGroup
		release := make(chan bool)
		for range 2 {
			wg.Go(func() { Run(t.Context(), m, func(context.Context) error { <-release; return nil }) })
		}
		synctest.Wait()
		err := Run(t.Context(), m, succeed)
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrFull || e.RetryAfter() != 0 {
			t.Errorf("the third call got %v, want ErrFull", err)
		}
		close(release)
		wg.Wait()
		if err := Run(t.Context(), m, succeed); err != nil {
			t.Errorf("after the others have left: %v", err)
		}
		if s := c.Stats().Method("Get"); s.Full != 1 || s.Succeeded != 3 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestBulkheadWaits(t *testing.T) {
	for _, tt := range []struct {
		name string
		wait time.Duration
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		took time.Duration
		want error
	}{
		{"long enough", 2 * time.Second, context.WithCancel, time.Second, nil},
		{"too short", 500 * time.Millisecond, context.WithCancel, 500 * time.Millisecond, ErrFull},
		{"the caller gives up", 2 * time.Second, func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(300*time.Millisecond, cancel)
			return ctx, cancel
		}, 300 * time.Millisecond, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := one(t, bulk(Bulkhead{Calls: 1, Wait: tt.wait}))
				go Run(context.Background(), m, func(context.Context) error { time.Sleep(time.Second); return nil })
				synctest.Wait()
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				start := time.Now()
				if err := Run(ctx, m, succeed); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("waited %v, want %v", took, tt.took)
				}
				time.Sleep(time.Second)
			})
		})
	}
}

func TestPermitComesBackOnEveryExit(t *testing.T) {
	_, m := one(t, bulk(Bulkhead{Calls: 1}))
	func() {
		defer func() { recover() }()
		Run(context.Background(), m, func(context.Context) error { panic("boom") })
	}()
	done := make(chan bool)
	go func() {
		defer close(done)
		Run(context.Background(), m, func(context.Context) error { runtime.Goexit(); return nil })
	}()
	<-done
	Run(context.Background(), m, fail)
	if err := Run(context.Background(), m, succeed); err != nil {
		t.Errorf("a permit is lost: %v", err)
	}
}

func TestFullRefusalAllocatesNothing(t *testing.T) {
	_, m := one(t, bulk(Bulkhead{Calls: 1}))
	ctx := context.Background()
	Run(ctx, m, func(context.Context) error {
		if n := testing.AllocsPerRun(1000, func() { Run(ctx, m, succeed) }); n != 0 {
			t.Errorf("%v allocations, want 0", n)
		}
		return nil
	})
}
