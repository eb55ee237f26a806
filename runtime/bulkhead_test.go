package resil

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func withBulkhead(b Bulkhead) func(*Spec, *MethodSpec) {
	b.Name = "Store"
	return func(_ *Spec, m *MethodSpec) { m.Bulkhead = copyOf(&b) }
}

func TestBulkheadBoundsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBulkhead(Bulkhead{Calls: 2}))
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
				_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1, Wait: tt.wait}))
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
	_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1}))
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
	_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1}))
	ctx := context.Background()
	Run(ctx, m, func(context.Context) error {
		if n := testing.AllocsPerRun(1000, func() { Run(ctx, m, succeed) }); n != 0 {
			t.Errorf("%v allocations, want 0", n)
		}
		return nil
	})
}

// A full bulkhead that lets nobody wait refuses before a token is taken or waited
// for; one that lets somebody wait does not.
func TestFullBulkheadCostsNoToken(t *testing.T) {
	for _, tt := range []struct {
		name     string
		bulkhead Bulkhead
		waiting  int
		want     error
	}{
		{"no wait", Bulkhead{Calls: 1}, 0, ErrFull},
		{"a full queue", Bulkhead{Calls: 1, Wait: time.Minute, Queue: 2}, 2, ErrFull},
		{"a place in the queue", Bulkhead{Calls: 1, Wait: time.Minute, Queue: 2}, 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withAll(withBulkhead(tt.bulkhead), withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}, Burst: 4})))
				var wg sync.WaitGroup
				for range 1 + tt.waiting {
					wg.Go(func() {
						Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second); return nil })
					})
					synctest.Wait()
				}
				for range 10 {
					if err := Run(t.Context(), m, succeed); !errors.Is(err, tt.want) {
						t.Errorf("got %v, want %v", err, tt.want)
					}
					if tt.want == nil {
						break
					}
				}
				wg.Wait()
				left := 3 - tt.waiting
				if tt.want == nil {
					left--
				}
				for i := range left + 1 {
					if err := Run(t.Context(), m, succeed); (err == nil) != (i < left) {
						t.Errorf("call %d of %d whose tokens should be left: %v", i, left, err)
					}
				}
			})
		})
	}
}

// The bulkhead never holds more than it may, leaves no place free while anyone waits,
// serves who came first first, and is empty in the end, whoever gives up and when.
func TestBulkheadLineUsesEveryPlaceAndKeepsItsOrder(t *testing.T) {
	type planned struct{ Pause, Takes, Cancel time.Duration }
	type call struct {
		waitingCall
		left time.Duration
	}
	ms := func(label string, low, high int) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.IntRange(low, high), func(n int) time.Duration { return time.Duration(n) * time.Millisecond })
	}
	rapid.Check(t, func(rt *rapid.T) {
		policy := Bulkhead{
			Calls: rapid.IntRange(1, 4).Draw(rt, "calls"),
			Wait:  ms("wait", 0, 20).Draw(rt, "wait"),
		}
		if policy.Wait > 0 {
			policy.Queue = sampled(rt, "queue", 0, 0, 1, 3)
		}
		plans := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) planned {
			return planned{
				Pause:  sampled(rt, "pause", 0, 0, time.Millisecond, 3*time.Millisecond) + 1,
				Takes:  ms("takes", 1, 15).Draw(rt, "takes"),
				Cancel: ms("cancel", 1, 40).Draw(rt, "cancel"),
			}
		}), 1, 60).Draw(rt, "plans")
		inBubble(t, rt, func(t *testing.T) error {
			_, m := newMethod(t, withBulkhead(policy))
			start := time.Now()
			calls := make([]call, len(plans))
			var wg sync.WaitGroup
			for i, p := range plans {
				time.Sleep(p.Pause)
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), p.Cancel)
					defer cancel()
					c := &calls[i]
					c.asked = time.Since(start)
					err := Run(ctx, m, func(context.Context) error {
						c.admitted, c.ended = true, time.Since(start)
						time.Sleep(p.Takes)
						return nil
					})
					c.left = time.Since(start)
					if !c.admitted {
						c.ended = c.left
					}
					c.refused = errors.Is(err, ErrFull)
				})
				synctest.Wait()
			}
			wg.Wait()
			if load := m.bulkhead.load.Load(); load != 0 || m.bulkhead.waiters.Len() != 0 {
				return fmt.Errorf("the load is %d in the end", load)
			}
			var last time.Duration
			moments := make([]time.Duration, 0, 3*len(calls))
			for i := range calls {
				c := &calls[i]
				moments = append(moments, c.asked, c.ended, c.left)
				if !c.admitted {
					if waited := c.ended - c.asked; waited > 0 && c.refused && waited != policy.Wait {
						return fmt.Errorf("call %d was refused after %v, want %v or at once", i, waited, policy.Wait)
					}
					continue
				}
				if c.ended < last {
					return fmt.Errorf("call %d was admitted at %v, and one that came later at %v", i, c.ended, last)
				}
				last = c.ended
			}
			slices.Sort(moments)
			for i, next := range moments[1:] {
				if moments[i] == next {
					continue
				}
				inside, waiting := 0, 0
				for _, c := range calls {
					if c.admitted && c.ended <= moments[i] && c.left >= next {
						inside++
					}
					if c.asked <= moments[i] && c.ended >= next {
						waiting++
					}
				}
				if inside > policy.Calls || inside < policy.Calls && waiting > 0 || policy.Queue > 0 && waiting > policy.Queue || policy.Wait == 0 && waiting > 0 {
					return fmt.Errorf("%d inside and %d waiting from %v to %v", inside, waiting, moments[i], next)
				}
			}
			return nil
		})
	})
}

// The same on real processors, with callers that give up, panic and exit.
func TestBulkheadOnManyProcessors(t *testing.T) {
	const places, callers, rounds = 3, 16, 2000
	_, m := newMethod(t, withBulkhead(Bulkhead{Calls: places, Wait: time.Millisecond, Queue: 8}))
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	once := func() {
		defer func() { recover() }()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if rand.IntN(2) == 0 {
			defer time.AfterFunc(rand.N(100*time.Microsecond), cancel).Stop()
		}
		Run(ctx, m, func(context.Context) error {
			defer inside.Add(-1)
			if n := inside.Add(1); n > places {
				most.Store(n)
			}
			switch rand.IntN(10) {
			case 0:
				panic("boom")
			case 1:
				runtime.Goexit()
			case 2, 3:
				runtime.Gosched()
			}
			return nil
		})
	}
	for range callers {
		wg.Go(func() {
			for range rounds {
				done := make(chan bool)
				go func() { defer close(done); once() }()
				<-done
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n > 0 {
		t.Errorf("%d were inside at once, want at most %d", n, places)
	}
	if load := m.bulkhead.load.Load(); load != 0 || m.bulkhead.waiters.Len() != 0 {
		t.Errorf("the load is %d in the end, want 0", load)
	}
}

func TestPlaceOfACallerWhoGaveUpMeanwhileIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1, Wait: time.Hour}))
		var wg sync.WaitGroup
		wg.Go(func() {
			Run(t.Context(), m, func(context.Context) error { time.Sleep(time.Second); return nil })
		})
		synctest.Wait()
		start := time.Now()
		wg.Go(func() {
			if err := Run(&doomed{Context: context.Background()}, m, succeed); err != context.Canceled {
				t.Errorf("got %v, want the cancellation", err)
			}
		})
		synctest.Wait()
		if err := Run(t.Context(), m, succeed); err != nil || time.Since(start) != time.Second {
			t.Errorf("the next call passed after %v: %v", time.Since(start), err)
		}
		wg.Wait()
	})
}

// A place that comes free between a caller's look at it and his joining the line is
// his.
func TestPlaceThatComesFreeMeanwhileIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1, Wait: time.Hour}))
		if b := m.bulkhead; !b.enter() || b.enter() {
			t.Fatal("a bulkhead of 1 should hold 1")
		}
		m.bulkhead.leave()
		start := time.Now()
		if !m.bulkhead.await(t.Context()) || time.Since(start) != 0 {
			t.Errorf("waited %v for a free place", time.Since(start))
		}
	})
}

// Between a caller's leaving and the next one's admission, the place is the next
// one's.
func TestNewcomersDoNotOvertakeInABulkhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1, Wait: time.Hour}))
		b := m.bulkhead
		b.enter()
		var admitted atomic.Bool
		go func() { admitted.Store(b.await(t.Context())) }()
		synctest.Wait()
		b.mu.Lock()
		go b.leave()
		for b.load.Load() != oneWaiting {
			runtime.Gosched()
		}
		if b.enter() {
			t.Error("a newcomer took the place that the first in the line waits for")
		}
		b.mu.Unlock()
		synctest.Wait()
		if !admitted.Load() || b.enter() {
			t.Errorf("admitted %v, load %d", admitted.Load(), b.load.Load())
		}
	})
}
