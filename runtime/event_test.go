package resil

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recordEvents returns an observer and what it has been told, a line an event.
func recordEvents() (Observer, func() []string) {
	var mu sync.Mutex
	var lines []string
	return func(_ context.Context, e Event) {
			mu.Lock()
			defer mu.Unlock()
			line := fmt.Sprintf("%s %s", e.Kind, e.Method)
			switch e.Kind {
			case EventAttemptEnded:
				line += fmt.Sprintf(" %d %s", e.Attempt, e.Class)
			case EventRetryScheduled:
				line += fmt.Sprintf(" %d in %s", e.Attempt, e.Delay)
			case EventCallEnded:
				line += fmt.Sprintf(" %s after %d in %s", e.Outcome, e.Attempt, e.Elapsed)
			case EventStateChanged:
				line = fmt.Sprintf("%s %s→%s", e.Breaker, e.From, e.To)
			}
			lines = append(lines, line)
		}, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return lines
		}
}

func TestEventsComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := recordEvents()
		c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 2; b.Probes = 1 })), WithObserver(observe))
		Run(t.Context(), m, fail)
		time.Sleep(33 * time.Second)
		Run(t.Context(), m, succeed)
		c.Breaker("Store").ForceOpen()
		c.Breaker("Store").Reset()
		want := []string{
			"attempt ended Get 1 infrastructure",
			"retry scheduled Get 2 in 100ms",
			"attempt ended Get 2 infrastructure",
			"Store closed→open",
			"call ended Get open after 2 in 100ms",
			"attempt ended Get 1 success",
			"Store half-open→closed",
			"call ended Get succeeded after 1 in 0s",
			"Store closed→forced-open",
			"Store forced-open→closed",
		}
		// The probe is announced before it runs.
		want = append(want[:5], append([]string{"Store open→half-open"}, want[5:]...)...)
		if diff := cmp.Diff(want, lines()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestWhatChangesNothingIsNoEvent(t *testing.T) {
	observe, lines := recordEvents()
	c, _ := newMethod(t, withBreaker(func(*Breaker) {}), WithObserver(observe))
	b := c.Breaker("Store")
	for _, force := range []func(){b.Reset, b.ForceOpen, b.ForceOpen, b.Reset, b.Reset} {
		force()
	}
	if diff := cmp.Diff([]string{"Store closed→forced-open", "Store forced-open→closed"}, lines()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestEventsNameTheKey(t *testing.T) {
	var keys []any
	spec := fullSpec()
	b := spec.Methods[0].Breaker
	b.Consecutive, b.Per = 1, "peer"
	c := newClient(t, spec, WithObserver(func(_ context.Context, e Event) {
		if e.Kind == EventStateChanged {
			keys = append(keys, e.Key)
		}
	}))
	get := keyedMethod[string](c, "Get")
	Run(context.Background(), get.For("bad"), fail)
	if len(keys) != 1 || keys[0] != "bad" {
		t.Errorf("keys %v, want bad's", keys)
	}
}

func TestObserverMayUseTheClient(t *testing.T) {
	var c *Client
	seen := 0
	c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1 }), WithObserver(func(_ context.Context, e Event) {
		seen++
		c.Stats()
		if e.Kind == EventStateChanged && e.To == StateOpen {
			c.Breaker("Store").Reset() // from within the event that tells of opening
		}
	}))
	Run(context.Background(), m, fail)
	wantState(t, c, StateClosed)
	if seen != 4 { // attempt, open, closed, call
		t.Errorf("%d events, want 4", seen)
	}
}

func TestObserversPanicIsContained(t *testing.T) {
	_, m := newMethod(t, func(*Spec, *MethodSpec) {}, WithObserver(func(context.Context, Event) { panic("observer") }))
	if err := Run(context.Background(), m, succeed); err != nil {
		t.Errorf("the call got %v", err)
	}
}

func TestObserverThatEndsItsGoroutineLosesNoEvent(t *testing.T) {
	var seen []uint64
	var c *Client
	c, m := newMethod(t, withBreaker(func(*Breaker) {}), WithObserver(func(_ context.Context, e Event) {
		seen = append(seen, e.Seq)
		switch e.Seq {
		case 1:
			c.Breaker("Store").ForceOpen()
			c.Breaker("Store").Reset()
		case 2:
			runtime.Goexit() // with the third behind it
		}
	}))
	done := make(chan bool)
	go func() {
		defer close(done)
		Run(context.Background(), m, succeed)
	}()
	<-done
	if err := Run(context.Background(), m, succeed); err != nil {
		t.Errorf("the next call got %v", err)
	}
	if want := []uint64{1, 2, 3, 4, 5, 6}; !slices.Equal(seen, want) {
		t.Errorf("events %v, want %v", seen, want)
	}
}

func TestNoCallerDeliversTheEventsOfAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, others := make(chan bool), make(chan bool)
		seen := 0
		_, m := newMethod(t, func(*Spec, *MethodSpec) {}, WithObserver(func(_ context.Context, e Event) {
			if e.Seq == 1 {
				<-first
			} else {
				<-others
			}
			seen++
		}))
		done := make(chan bool)
		go func() {
			defer close(done)
			Run(context.Background(), m, succeed)
		}()
		synctest.Wait()
		for range 10 {
			Run(t.Context(), m, succeed) // brings two events
		}
		close(first)
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("a call waits for the delivery of other calls' events")
		}
		close(others)
		synctest.Wait()
		if seen != 22 {
			t.Errorf("%d events of 11 calls, want 22", seen)
		}
	})
}

func TestEventsAreNumberedWithoutGapsUnderConcurrency(t *testing.T) {
	var last uint64
	var inside int
	_, m := newMethod(t, withBreaker(func(b *Breaker) { b.Open = time.Nanosecond; b.Probes = 1 }), WithObserver(func(_ context.Context, e Event) {
		if inside++; inside != 1 {
			t.Error("two events at once")
		}
		if e.Seq != last+1 {
			t.Errorf("event %d after %d", e.Seq, last)
		}
		last = e.Seq
		inside--
	}))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 500 {
				if (i+j)%3 == 0 {
					Run(context.Background(), m, succeed)
				} else {
					Run(context.Background(), m, fail)
				}
			}
		})
	}
	wg.Wait()
}
