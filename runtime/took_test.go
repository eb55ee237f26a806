package resil

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The bounds that histograms usually have are bounds of buckets, so that nothing is lost
// between the two.
func TestUsualBoundsAreBoundsOfBuckets(t *testing.T) {
	for power := time.Duration(firstBound); power <= time.Duration(lastBound)/5; power *= 10 {
		for _, bound := range []time.Duration{power, power / 2 * 5, power * 5} {
			at, after := bucketOf(bound), bucketOf(bound+1)
			if endOf(at) != bound || after != at+1 {
				t.Errorf("%s is in the bucket up to %s, and what is longer in the one up to %s", bound, endOf(at), endOf(after))
			}
		}
	}
}

func TestEveryDurationIsInTheBucketThatEndsNext(t *testing.T) {
	last := time.Duration(0)
	for b := range buckets {
		if endOf(b) <= last || bucketOf(last+1) != b || bucketOf(endOf(b)) != b {
			t.Fatalf("bucket %d holds what is longer than %d and up to %d", b, last, endOf(b))
		}
		last = endOf(b)
	}
}

// timedClient makes a client of Get with policies, which records durations.
func timedClient(t testing.TB, p Policies, opts ...Option) (*Client, *Method) {
	t.Helper()
	c := newClient(t, Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Idempotent: true, Policies: p}}}, append(opts, WithDurations())...)
	return c, c.Method("Get")
}

func about(list ...time.Duration) (d Durations) {
	for _, took := range list {
		d = d.with(Durations{{endOf(bucketOf(took)), 1}})
	}
	return d
}

func sumOf(list []time.Duration) (sum time.Duration) {
	for _, took := range list {
		sum += took
	}
	return sum
}

func TestDurationsOfCallsAndAttempts(t *testing.T) {
	type calls map[Outcome][]time.Duration
	type attempts map[Class][]time.Duration
	const ms = time.Millisecond
	retry := copyOf(&testRetry)
	retry.Jitter, retry.Initial, retry.Max, retry.Factor = JitterNone, 100*ms, time.Second, 1
	for _, tt := range []struct {
		name     string
		policies Policies
		run      func(ctx context.Context, m *Method)
		calls    calls
		attempts attempts
	}{
		{"nothing", Policies{}, func(ctx context.Context, m *Method) { Run(ctx, m, takes(step{3 * ms, nil})) },
			calls{OutcomeSucceeded: {3 * ms}}, attempts{Success: {3 * ms}}},
		{"answers", Policies{}, func(ctx context.Context, m *Method) { Run(ctx, m, takes(step{3 * ms, errNotFound})) },
			calls{OutcomeFailed: {3 * ms}}, attempts{Application: {3 * ms}}},
		{"retries, with the pauses", Policies{Retry: retry}, func(ctx context.Context, m *Method) {
			Run(ctx, m, takes(step{30 * ms, errDown}, step{40 * ms, nil}))
		}, calls{OutcomeSucceeded: {170 * ms}}, attempts{Infrastructure: {30 * ms}, Success: {40 * ms}}},
		{"waits for a limit", Policies{Limit: &Limit{Name: "Store", Rate: Rate{Count: 1, Per: time.Second}, Burst: 1, Wait: time.Minute}},
			func(ctx context.Context, m *Method) {
				Run(ctx, m, takes(step{0, nil}))
				Run(ctx, m, takes(step{7 * ms, nil}))
			}, calls{OutcomeSucceeded: {0, 1007 * ms}}, attempts{Success: {0, 7 * ms}}},
		{"refused", Policies{Limit: &Limit{Name: "Store", Rate: Rate{Count: 1, Per: time.Hour}, Burst: 1}},
			func(ctx context.Context, m *Method) {
				Run(ctx, m, takes(step{5 * ms, nil}))
				Run(ctx, m, takes(step{5 * ms, nil}))
			}, calls{OutcomeSucceeded: {5 * ms}, OutcomeLimited: {0}}, attempts{Success: {5 * ms}}},
		{"timed out", Policies{Timeout: &Timeout{Total: 50 * ms}}, func(ctx context.Context, m *Method) {
			Run(ctx, m, takes(step{time.Hour, nil}))
		}, calls{OutcomeTimedOut: {50 * ms}}, attempts{Infrastructure: {50 * ms}}},
		{"canceled", Policies{Breaker: copyOf(&testBreaker)}, func(ctx context.Context, m *Method) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(20*ms, cancel)
			Run(ctx, m, takes(step{time.Hour, nil}))
		}, calls{OutcomeCanceled: {20 * ms}}, attempts{Canceled: {20 * ms}}},
		{"dead before it began", Policies{}, func(ctx context.Context, m *Method) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			Run(ctx, m, succeed)
		}, calls{OutcomeCanceled: {0}}, attempts{}},
		{"panics", Policies{Breaker: copyOf(&testBreaker)}, func(ctx context.Context, m *Method) {
			defer func() { _ = recover() }()
			Run(ctx, m, func(context.Context) error { time.Sleep(9 * ms); panic("down") })
		}, calls{OutcomePanicked: {9 * ms}}, attempts{}},
		{"ends its goroutine", Policies{}, func(ctx context.Context, m *Method) {
			var all sync.WaitGroup
			all.Go(func() {
				Run(ctx, m, func(context.Context) error { time.Sleep(9 * ms); runtime.Goexit(); return nil })
			})
			all.Wait()
		}, calls{OutcomePanicked: {9 * ms}}, attempts{}},
		{"hedges", Policies{Hedge: &Hedge{Delay: 10 * ms, Max: 1}}, func(ctx context.Context, m *Method) {
			Hedged(ctx, m, func(ctx context.Context) (int, error) {
				if Attempt(ctx) == 1 {
					return 0, takes(step{time.Hour, nil})(ctx)
				}
				return 0, takes(step{5 * ms, nil})(ctx)
			}, nil)
		}, calls{OutcomeSucceeded: {15 * ms}}, attempts{Success: {5 * ms}, Canceled: {15 * ms}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := timedClient(t, tt.policies)
				tt.run(t.Context(), m)
				got := c.Durations()[0]
				var want MethodDurations
				want.Name = "Get"
				for o := range Outcome(outcomes) {
					if list := tt.calls[o]; list != nil {
						want.Calls = append(want.Calls, CallDurations{Outcome: o, Took: about(list...), Sum: sumOf(list)})
					}
				}
				for class := range Canceled + 1 {
					if list := tt.attempts[class]; list != nil {
						want.Attempts = append(want.Attempts, AttemptDurations{class, about(list...), sumOf(list)})
					}
				}
				for i := range got.Calls {
					got.Calls[i].Retried, got.Calls[i].Retries = nil, 0 // another test's
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestDurationsCountRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retry := copyOf(&testRetry)
		retry.Attempts, retry.Budget = 13, 0
		c, m := timedClient(t, Policies{Retry: retry})
		for _, failures := range []int{0, 1, 1, 9, 10, 12} {
			left := failures
			if err := Run(t.Context(), m, func(context.Context) error {
				if left--; left >= 0 {
					return errDown
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		got := c.Durations()[0].Calls[0]
		if diff := cmp.Diff([]uint64{0: 2, 8: 1, 9: 2}, got.Retried); diff != "" || got.Retries != 33 || got.Took.Total() != 6 {
			t.Errorf("%d retries of %d calls %s", got.Retries, got.Took.Total(), diff)
		}
	})
}

// What is told of a call is the same whichever way it has gone, by the engine or lightly,
// and durations, events and counters agree.
func TestDurationsAgreeWithEventsAndStats(t *testing.T) {
	errs := []error{nil, nil, nil, errNotFound, errDown, Throttle(errors.New("slow down"), 0)}
	rapid.Check(t, func(rt *rapid.T) {
		var p Policies
		if rapid.Bool().Draw(rt, "retry") {
			p.Retry = copyOf(&testRetry)
		}
		if rapid.Bool().Draw(rt, "breaker") {
			p.Breaker = copyOf(&testBreaker)
		}
		if rapid.Bool().Draw(rt, "limit") {
			p.Limit = &Limit{Name: "Store", Rate: Rate{Count: 10, Per: time.Second}, Burst: 2, Wait: time.Duration(rapid.IntRange(0, 1).Draw(rt, "wait")) * 400 * time.Millisecond}
		}
		if rapid.Bool().Draw(rt, "bulkhead") {
			p.Bulkhead = &Bulkhead{Name: "Store", Calls: 1}
		}
		if rapid.Bool().Draw(rt, "timeout") {
			p.Timeout = &Timeout{Total: 500 * time.Millisecond, Attempt: 60 * time.Millisecond}
		}
		around := rapid.Bool().Draw(rt, "around") // has all calls go by the engine
		cancelable := rapid.Bool().Draw(rt, "cancelable")
		type call struct {
			took time.Duration
			err  int
		}
		list := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) call {
			return call{time.Duration(rapid.IntRange(0, 100).Draw(rt, "ms")) * time.Millisecond, rapid.IntRange(0, len(errs)).Draw(rt, "err")}
		}), 1, 40).Draw(rt, "attempts")
		synctest.Test(t, func(t *testing.T) {
			var told MethodDurations
			calls, attempts := map[Outcome][]time.Duration{}, map[Class][]time.Duration{}
			opts := []Option{WithObserver(func(_ context.Context, e Event) {
				switch e.Kind {
				case EventAttemptEnded:
					attempts[e.Class] = append(attempts[e.Class], e.Elapsed)
				case EventCallEnded:
					calls[e.Outcome] = append(calls[e.Outcome], e.Elapsed)
				}
			})}
			if around {
				opts = append(opts, WithAttempts(func(ctx context.Context, _ AttemptInfo) (context.Context, func(Verdict)) {
					return ctx, func(Verdict) {}
				}))
			}
			c, m := timedClient(t, p, opts...)
			ctx := context.Background()
			if cancelable {
				ctx = t.Context()
			}
			i := 0
			for i < len(list) {
				before := i
				func() {
					defer func() { _ = recover() }()
					Run(ctx, m, func(context.Context) error {
						at := list[min(i, len(list)-1)]
						i++
						time.Sleep(at.took)
						if at.err == len(errs) {
							panic("down")
						}
						return errs[at.err]
					})
				}()
				if i == before { // refused
					i++
					time.Sleep(30 * time.Millisecond)
				}
			}
			told.Name = "Get"
			for o := range Outcome(outcomes) {
				if calls[o] != nil {
					told.Calls = append(told.Calls, CallDurations{Outcome: o, Took: about(calls[o]...), Sum: sumOf(calls[o])})
				}
			}
			for class := range Canceled + 1 {
				if attempts[class] != nil {
					told.Attempts = append(told.Attempts, AttemptDurations{class, about(attempts[class]...), sumOf(attempts[class])})
				}
			}
			got := c.Durations()[0]
			for i := range got.Calls {
				got.Calls[i].Retried, got.Calls[i].Retries = nil, 0
			}
			if diff := cmp.Diff(told, got); diff != "" {
				rt.Error("durations:", diff)
			}
			stats := c.Stats().Method("Get")
			n := uint64(0)
			for _, d := range got.Calls {
				n += d.Took.Total()
			}
			if n != stats.Calls {
				rt.Errorf("%d durations of %d calls", n, stats.Calls)
			}
			n = stats.PanickedAttempts
			for _, d := range got.Attempts {
				n += d.Took.Total()
			}
			if n != stats.Attempts {
				rt.Errorf("%d durations of %d attempts", n, stats.Attempts)
			}
		})
	})
}

func TestNoDurationsWithoutTheOption(t *testing.T) {
	c := newClient(t, fullSpec())
	Run(t.Context(), c.Method("Get"), succeed)
	if got := c.Durations(); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestTimedSuccessAllocatesNothing(t *testing.T) {
	for name, opts := range map[string][]Option{"durations": {WithDurations()}, "and observed": {WithDurations(), WithObserver(func(context.Context, Event) {})}} {
		m := newClient(t, fullSpec(), opts...).Method("Get")
		next := func(context.Context, string) (int, error) { return 42, nil }
		for _, ctx := range []context.Context{context.Background(), t.Context()} {
			if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
				t.Errorf("%s: %v allocations, want 0", name, n)
			}
		}
	}
}

// Calls of a breaker by key go lightly too, and let go of their key.
func TestKeysAreLetGoOfByLightCalls(t *testing.T) {
	var m KeyedMethod[string]
	newClient(t, Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Method: &m, Policies: Policies{
		Breaker: &Breaker{Name: "Store", Consecutive: 5, Window: time.Minute, Open: time.Second, Probes: 1, Min: 1, Scope: Scope{Per: "peer", Keys: 10}}}}}})
	if m.plan.light.Load() != light {
		t.Error("a method by key is not light")
	}
	for name, f := range map[string]func(context.Context) error{
		"success": succeed,
		"failure": func(context.Context) error { return errDown },
		"answer":  func(context.Context) error { return errNotFound },
		"panic":   func(context.Context) error { panic("down") },
	} {
		of := m.For(name)
		func() {
			defer func() { _ = recover() }()
			Run(context.Background(), of, f)
		}()
		if n := of.entry.pins.Load(); n != 0 {
			t.Errorf("%s: %d pins are left", name, n)
		}
	}
	refused := m.For("refused")
	refused.breaker.ForceOpen()
	if err := Run(context.Background(), refused, succeed); !errors.Is(err, ErrOpen) {
		t.Fatal(err)
	}
	if n := refused.entry.pins.Load(); n != 0 {
		t.Errorf("a refused call leaves %d pins", n)
	}
}
