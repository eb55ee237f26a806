package resil

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
			case EventRefused:
				line += fmt.Sprintf(" %d by %s %s %s", e.Attempt, e.Guard, e.GuardName, e.Mode)
			case EventFellBack:
				line += fmt.Sprintf(" because of %v", e.Err)
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

func TestEventsOfACallComeInItsOrderAndChangesInTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		observe, lines := recordEvents()
		c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 2; b.Probes = 1 })), WithObserver(observe))
		Run(t.Context(), m, fail)
		time.Sleep(33 * time.Second)
		Run(t.Context(), m, succeed)
		c.Breaker("Store").ForceOpen()
		c.Breaker("Store").Reset()
		c.Flush(t.Context())
		var calls, changes []string
		for _, line := range lines() {
			if strings.HasPrefix(line, "Store") {
				changes = append(changes, line)
			} else {
				calls = append(calls, line)
			}
		}
		want := []string{
			"attempt ended Get 1 infrastructure",
			"retry scheduled Get 2 in 100ms",
			"attempt ended Get 2 infrastructure",
			"refused Get 3 by breaker Store enforce",
			"call ended Get open after 2 in 100ms",
			"attempt ended Get 1 success",
			"call ended Get succeeded after 1 in 0s",
		}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("events of calls (-want +got):\n%s", diff)
		}
		want = []string{
			"Store closed→open",
			"Store open→half-open",
			"Store half-open→closed",
			"Store closed→forced-open",
			"Store forced-open→closed",
		}
		if diff := cmp.Diff(want, changes); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
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
	c.Flush(t.Context())
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
	c.Flush(t.Context())
	if len(keys) != 1 || keys[0] != "bad" {
		t.Errorf("keys %v, want bad's", keys)
	}
}

func TestObserverMayUseTheClient(t *testing.T) {
	var c *Client
	var seen atomic.Int32
	c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1 }), WithObserver(func(_ context.Context, e Event) {
		seen.Add(1)
		c.Stats()
		if e.Kind == EventStateChanged && e.To == StateOpen {
			c.Breaker("Store").Reset() // from within the event that tells of opening
		}
	}))
	Run(context.Background(), m, fail)
	c.Flush(t.Context())
	c.Flush(t.Context()) // of what the observer has brought about
	wantState(t, c, StateClosed)
	if n := seen.Load(); n != 4 { // attempt, open, closed, call
		t.Errorf("%d events, want 4", n)
	}
}

func TestObserversPanicIsContainedAndCounted(t *testing.T) {
	told := 0
	c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1 }),
		WithObserver(func(context.Context, Event) { panic("observer") }),
		WithObserver(func(_ context.Context, e Event) { told++ }))
	if err := Run(context.Background(), m, succeed); err != nil || told != 2 {
		t.Errorf("the call got %v, and the next observer %d events", err, told)
	}
	c.Breaker("Store").ForceOpen()
	c.Flush(t.Context())
	if n := c.Stats().ObserverPanics; n != 3 {
		t.Errorf("%d panics counted, want 3", n)
	}
}

func TestObserverThatEndsItsGoroutineLosesNoChange(t *testing.T) {
	var seen []uint64
	c, _ := newMethod(t, withBreaker(func(*Breaker) {}), WithObserver(func(_ context.Context, e Event) {
		seen = append(seen, e.Seq)
		if e.Seq%2 == 1 {
			runtime.Goexit()
		}
	}))
	for range 3 {
		c.Breaker("Store").ForceOpen()
		c.Breaker("Store").Reset()
	}
	c.Flush(t.Context())
	if want := []uint64{1, 2, 3, 4, 5, 6}; !slices.Equal(seen, want) {
		t.Errorf("changes %v, want %v", seen, want)
	}
}

func TestObserversAreCalledInTheOrderOfTheOptions(t *testing.T) {
	var order []string
	observe := func(name string) Option {
		return WithObserver(func(_ context.Context, e Event) { order = append(order, name+": "+e.Kind.String()) })
	}
	_, m := newMethod(t, func(*Spec, *MethodSpec) {}, observe("a"), WithObserver(nil), observe("b"), observe("c"))
	Run(t.Context(), m, succeed)
	want := []string{"a: attempt ended", "b: attempt ended", "c: attempt ended", "a: call ended", "b: call ended", "c: call ended"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An observer of calls is called by all of them at once.
func TestCallsShareNoLockToTellObservers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inside, release := 0, make(chan bool)
		var mu sync.Mutex
		_, m := newMethod(t, func(*Spec, *MethodSpec) {}, WithObserver(func(context.Context, Event) {
			mu.Lock()
			inside++
			mu.Unlock()
			<-release
		}))
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { Run(context.Background(), m, succeed) })
		}
		synctest.Wait()
		if inside != 10 {
			t.Errorf("%d of 10 calls are in the observer", inside)
		}
		close(release)
		wg.Wait()
	})
}

func TestAStuckObserverOfChangesHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan bool)
		var seen, others []uint64
		c, _ := newMethod(t, withBreaker(func(*Breaker) {}),
			WithObserver(func(_ context.Context, e Event) { <-stuck; seen = append(seen, e.Seq) }),
			WithObserver(func(_ context.Context, e Event) { others = append(others, e.Seq) }))
		const changes = 3000
		for range changes / 2 {
			c.Breaker("Store").ForceOpen()
			c.Breaker("Store").Reset()
			synctest.Wait()
		}
		if len(others) != changes {
			t.Errorf("the other observer was told of %d changes of %d", len(others), changes)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Flush(ctx); err != context.DeadlineExceeded {
			t.Errorf("Flush returned %v though an observer is stuck", err)
		}
		if n := c.Stats().EventsDropped; n != changes-1-1024 && n != changes-1024 { // Flush takes a place
			t.Errorf("%d dropped, want all but the one that is told and 1024 that wait", n)
		}
		close(stuck)
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if dropped := c.Stats().EventsDropped; uint64(len(seen))+dropped != changes || seen[0] != 1 || seen[len(seen)-1] != changes || !slices.IsSorted(seen) {
			t.Errorf("told of %d changes, from %d to %d; %d dropped", len(seen), seen[0], seen[len(seen)-1], dropped)
		}
	})
}

func TestEventsOfRefusalsNameTheGuardAndItsMode(t *testing.T) {
	for _, mode := range []Mode{ModeEnforce, ModeObserve} {
		observe, lines := recordEvents()
		scope := Scope{Mode: mode}
		c, m := newMethod(t, withAll(
			withBreaker(func(b *Breaker) { b.Scope = scope }),
			withLimit(Limit{Rate: Rate{Count: 2, Per: time.Hour}, Scope: scope}),
			withBulkhead(Bulkhead{Calls: 1, Scope: scope})), WithObserver(observe))
		Run(t.Context(), m, func(ctx context.Context) error { return Run(ctx, m, succeed) })
		for range 2 {
			Run(t.Context(), m, succeed)
		}
		c.Breaker("Store").ForceOpen()
		Run(t.Context(), m, succeed)
		var got []string
		for _, line := range lines() {
			if strings.HasPrefix(line, "refused") {
				got = append(got, line)
			}
		}
		want := []string{"refused Get 1 by bulkhead Store enforce", "refused Get 1 by limit Store enforce", "refused Get 1 by breaker Store enforce"}
		if mode == ModeObserve {
			want = []string{"refused Get 1 by bulkhead Store observe", "refused Get 1 by limit Store observe",
				"refused Get 1 by limit Store observe", "refused Get 1 by breaker Store observe"}
		}
		if len(got) > len(want) { // a forced breaker comes before the limit
			got = got[:len(want)]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", mode, diff)
		}
	}
}

func TestEventsOfRefusalsCarryTheErrorOfTheCall(t *testing.T) {
	var refusal, ended error
	c, m := newMethod(t, withBreaker(func(*Breaker) {}), WithObserver(func(_ context.Context, e Event) {
		switch e.Kind {
		case EventRefused:
			refusal = e.Err
		case EventCallEnded:
			ended = e.Err
		}
	}))
	c.Breaker("Store").ForceOpen()
	if err := Run(t.Context(), m, succeed); err == nil || refusal != err || ended != err {
		t.Errorf("the call got %v, its events %v and %v", err, refusal, ended)
	}
}

func TestEventOfAFallbackNamesItsCause(t *testing.T) {
	observe, lines := recordEvents()
	_, m := newMethod(t, func(*Spec, *MethodSpec) {}, WithObserver(observe))
	m.FallsBack(t.Context(), errDown)
	m.FallsBack(t.Context(), errNotFound) // an answer: no fallback
	if diff := cmp.Diff([]string{"fell back Get because of backend is down"}, lines()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChangesAreNumberedWithoutGapsUnderConcurrency(t *testing.T) {
	var last uint64
	c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Open = time.Nanosecond; b.Probes = 1 }), WithObserver(func(_ context.Context, e Event) {
		if e.Kind != EventStateChanged {
			return
		}
		if e.Seq != last+1 {
			t.Errorf("change %d after %d", e.Seq, last)
		}
		last = e.Seq
	}))
	for range 50 {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 20 {
					if (i+j)%3 == 0 {
						Run(context.Background(), m, succeed)
					} else {
						Run(context.Background(), m, fail)
					}
				}
			})
		}
		wg.Wait()
		c.Flush(t.Context()) // before any can be dropped
	}
	if last == 0 {
		t.Error("no changes")
	}
}

// What a call waited for is part of its time, and not of its attempt's; a panic ends both.
func TestEventsTellTheTimesOfCallsAndAttempts(t *testing.T) {
	const wait, work = 3 * time.Second, 2 * time.Second
	for name, tt := range map[string]struct {
		set      func(*Spec, *MethodSpec)
		opts     []Option
		before   func(*Method) // takes the token or place for wait
		panics   bool
		attempts time.Duration
		call     time.Duration
	}{
		"nothing":   {func(*Spec, *MethodSpec) {}, nil, nil, false, work, work},
		"a breaker": {withBreaker(func(*Breaker) {}), nil, nil, false, work, work},
		"a token":   {withLimit(Limit{Rate: Rate{Count: 1, Per: wait}, Wait: time.Hour}), nil, func(m *Method) { m.limiter.allow() }, false, work, wait + work},
		"a place":   {withBulkhead(Bulkhead{Calls: 1, Wait: time.Hour}), nil, func(m *Method) { m.bulkhead.enter(); time.AfterFunc(wait, m.bulkhead.leave) }, false, work, wait + work},
		"no token":  {withLimit(Limit{Rate: Rate{Count: 1, Per: time.Hour}, Wait: time.Minute}), nil, func(m *Method) { m.limiter.allow() }, false, 0, 0},
		"no place":  {withBulkhead(Bulkhead{Calls: 1, Wait: wait}), nil, func(m *Method) { m.bulkhead.enter() }, false, 0, wait},
		"a panic":   {withLimit(Limit{Rate: Rate{Count: 1, Per: wait}, Wait: time.Hour}), nil, nil, true, 0, work},
		"what surrounds": {withLimit(Limit{Rate: Rate{Count: 1, Per: wait}}), []Option{WithAttempts(func(ctx context.Context, _ AttemptInfo) (context.Context, func(Verdict)) {
			time.Sleep(wait)
			return ctx, nil
		})}, nil, false, work, wait + work},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var attempts, call time.Duration
				_, m := newMethod(t, tt.set, append(tt.opts, WithObserver(func(_ context.Context, e Event) {
					switch e.Kind {
					case EventAttemptEnded:
						attempts += e.Elapsed
					case EventCallEnded:
						call = e.Elapsed
					}
				}))...)
				if tt.before != nil {
					tt.before(m)
				}
				func() {
					defer func() { recover() }()
					Run(t.Context(), m, func(context.Context) error {
						time.Sleep(work)
						if tt.panics {
							panic("boom")
						}
						return nil
					})
				}()
				if attempts != tt.attempts || call != tt.call {
					t.Errorf("attempts took %v and the call %v, want %v and %v", attempts, call, tt.attempts, tt.call)
				}
			})
		})
	}
}
