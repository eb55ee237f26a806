package resil

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// withTimeout gives the method a timeout.
func withTimeout(limit Timeout) func(*Spec, *MethodSpec) {
	return func(_ *Spec, m *MethodSpec) { m.Timeout = &limit }
}

// takes is a callee whose attempts take a time each and fail in their ways, the last of them
// again and again.
func takes(steps ...step) func(context.Context) error {
	var n atomic.Int32
	return func(ctx context.Context) error {
		s := steps[min(int(n.Add(1)), len(steps))-1]
		select {
		case <-time.After(s.time):
			return s.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type step struct {
	time time.Duration
	err  error
}

// What an observing timeout counts is a call, once, however often it was too slow.
func TestObservingTimeoutCountsCallsThatItWouldEnd(t *testing.T) {
	limit := Timeout{Total: 2 * time.Second, Attempt: 500 * time.Millisecond, Mode: ModeObserve}
	for _, tt := range []struct {
		name  string
		set   func(*Spec, *MethodSpec)
		do    func(context.Context) error
		would uint64
		err   error
	}{
		{"in time", withTimeout(limit), takes(step{500 * time.Millisecond, nil}), 0, nil},
		{"an attempt is not", withTimeout(limit), takes(step{501 * time.Millisecond, nil}), 1, nil},
		{"both are not", withTimeout(limit), takes(step{time.Hour, nil}), 1, nil},
		{"a failure neither", withTimeout(limit), takes(step{time.Hour, errDown}), 1, errDown},
		{"several attempts are not", withAll(withTimeout(limit), withRetry(func(*Retry) {})), takes(step{time.Second, errDown}), 1, ErrExhausted},
		{"the call alone", withAll(withTimeout(Timeout{Total: time.Second, Mode: ModeObserve}), withRetry(func(*Retry) {})), takes(step{400 * time.Millisecond, errDown}), 1, ErrExhausted},
		{"a wait for a token counts", withAll(withTimeout(Timeout{Total: time.Second, Mode: ModeObserve}), withLimit(Limit{Rate: Rate{Count: 1, Per: 1100 * time.Millisecond}, Burst: 1, Wait: 900 * time.Millisecond}), withRetry(func(r *Retry) { r.Attempts = 2 })),
			takes(step{300 * time.Millisecond, errDown}, step{0, nil}), 1, nil},
		{"a wait for a place counts", withAll(withTimeout(Timeout{Total: time.Second, Mode: ModeObserve}), withBulkhead(Bulkhead{Calls: 1, Wait: 900 * time.Millisecond})), takes(step{200 * time.Millisecond, nil}), 1, nil},
		{"a hedge is an attempt", withAll(withTimeout(Timeout{Attempt: time.Second, Mode: ModeObserve}), withHedge(Hedge{Delay: time.Millisecond, Max: 1})), takes(step{2 * time.Second, nil}), 1, nil},
		{"a panic is in time", withTimeout(limit), func(context.Context) error { panic("boom") }, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, tt.set)
				if m.bulkhead != nil {
					go Run(t.Context(), m, takes(step{850 * time.Millisecond, nil}))
					synctest.Wait()
				}
				err := func() (err error) {
					defer func() { recover() }()
					do := func(ctx context.Context) error {
						if _, ok := ctx.Deadline(); ok {
							t.Error("the attempt has a deadline")
						}
						return tt.do(ctx)
					}
					if m.terms.Load().hedge.Delay > 0 {
						_, err = Hedged(t.Context(), m, func(ctx context.Context) (int, error) { return 0, do(ctx) }, nil)
						return err
					}
					return Run(t.Context(), m, do)
				}()
				if !errors.Is(err, tt.err) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				if got := c.Stats().Method("Get"); got.WouldTimeOut != tt.would || got.TimedOut != 0 {
					t.Errorf("WouldTimeOut is %d and TimedOut %d, want %d and 0", got.WouldTimeOut, got.TimedOut, tt.would)
				}
			})
		})
	}
}

// An observing retry counts what a retry would repeat, by the rules of a retry.
func TestObservingRetryCountsCallsThatItWouldRepeat(t *testing.T) {
	observing := func(r *Retry) { r.Mode = ModeObserve }
	for _, tt := range []struct {
		name  string
		set   func(*Spec, *MethodSpec)
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		err   error
		would uint64
	}{
		{"a success", withRetry(observing), nil, nil, 0},
		{"a failure", withRetry(observing), nil, errDown, 1},
		{"an answer", withRetry(observing), nil, errNotFound, 0},
		{"a class that is not retried", withRetry(func(r *Retry) { r.Mode, r.On = ModeObserve, []Class{Throttled} }), nil, errDown, 0},
		{"a hint that is too long", withRetry(observing), nil, Throttle(errDown, time.Hour), 0},
		{"a hint that is not", withRetry(observing), nil, Throttle(errDown, time.Second), 1},
		{"no time for a pause", withRetry(observing), deadline(100 * time.Millisecond), errDown, 0},
		{"a context that forbids it", withRetry(observing), func(ctx context.Context) (context.Context, context.CancelFunc) { return NoRetry(ctx), func() {} }, errDown, 0},
		{"a breaker that opens", withAll(withRetry(observing), withBreaker(func(b *Breaker) { b.Consecutive = 1 })), nil, errDown, 0},
		{"a budget is not asked", withRetry(func(r *Retry) { r.Mode, r.Budget = ModeObserve, PPM }), nil, errDown, 1},
		{"attempts=1 repeats nothing", withRetry(func(r *Retry) { r.Mode, r.Attempts = ModeObserve, 1 }), nil, errDown, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, tt.set)
				ctx := t.Context()
				if tt.ctx != nil {
					var cancel context.CancelFunc
					ctx, cancel = tt.ctx(ctx)
					defer cancel()
				}
				const calls = 3
				for range calls {
					if err := Run(ctx, m, func(context.Context) error { return tt.err }); !errors.Is(err, tt.err) && !errors.Is(err, ErrOpen) {
						t.Errorf("got %v, want the callee's own error", err)
					}
				}
				if s := c.Stats(); s.Method("Get").WouldRetry != calls*tt.would || s.Method("Get").Retries != 0 || s.Budget.Spent != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestObservingHedgeCountsAttemptsBesideWhichOneWouldStart(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    func(context.Context) error
		would uint64
	}{
		{"in time", takes(step{time.Second, nil}), 0},
		{"too slow", takes(step{2 * time.Second, nil}), 1},
		{"a failure starts one at once", takes(step{0, errDown}), 1},
		{"an answer does not", takes(step{0, errNotFound}), 0},
		{"nor does a callee that asks for less", takes(step{0, Throttle(errDown, 0)}), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withHedge(Hedge{Delay: time.Second, Max: 2, Mode: ModeObserve}))
				Hedged(t.Context(), m, func(ctx context.Context) (int, error) { return 0, tt.do(ctx) }, nil)
				if s := c.Stats().Method("Get"); s.WouldHedge != tt.would || s.Hedges != 0 || s.Attempts != 1 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// Policies that only observe leave every call as it is without them: its error, its time, its
// attempts and its outcome.
func TestObservingPoliciesChangeNoCall(t *testing.T) {
	errs := []error{nil, errDown, errNotFound, Throttle(errDown, time.Second), errors.New("unknown"), context.DeadlineExceeded}
	rapid.Check(t, func(rt *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{time.Duration(rapid.IntRange(0, 5).Draw(t, "seconds")) * time.Second, rapid.SampledFrom(errs).Draw(t, "err")}
		}), 1, 20).Draw(rt, "calls")
		patience := time.Duration(rapid.IntRange(1, 4).Draw(rt, "patience"))*time.Second + time.Millisecond
		breaker := func(b *Breaker) { b.Consecutive, b.Ratio = 3, 0; b.Slow = 900 * time.Millisecond }
		outcomes := func(set func(*Spec, *MethodSpec)) (lines []string, stats MethodStats) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withAll(withBreaker(breaker), set))
				for _, s := range calls {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					start := time.Now()
					_, err := Hedged(ctx, m, func(ctx context.Context) (int, error) { return 0, takes(s)(ctx) }, nil)
					reason := err
					var own *Error
					if errors.As(err, &own) {
						reason = own.Reason // the time until the next probe has jitter
					}
					lines = append(lines, fmt.Sprintf("%v after %s", reason, time.Since(start)))
					cancel()
				}
				stats = c.Stats().Method("Get")
			})
			return lines, stats
		}
		bare, without := outcomes(func(*Spec, *MethodSpec) {})
		observed, with := outcomes(withAll(
			withTimeout(Timeout{Total: 2 * time.Second, Attempt: time.Second, Mode: ModeObserve}),
			withRetry(func(r *Retry) { r.Mode = ModeObserve }),
			withHedge(Hedge{Delay: 500 * time.Millisecond, Max: 1, Mode: ModeObserve})))
		if diff := cmp.Diff(bare, observed); diff != "" {
			rt.Fatal(diff)
		}
		with.WouldTimeOut, with.WouldRetry, with.WouldHedge = 0, 0, 0
		if diff := cmp.Diff(without, with); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestModeOfPoliciesWithoutStateChangesWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withTimeouts(time.Second, 0), withRetry(func(r *Retry) { r.Attempts = 2 })))
		down := takes(step{0, errDown})
		for _, tt := range []struct {
			overrides Overrides
			attempts  uint64
			reason    error
		}{
			{Overrides{"Store": {"timeout": "mode=observe", "retry": "mode=observe"}}, 1, nil},
			{nil, 2, ErrExhausted},
			{Overrides{"Store.Get": {"retry": "mode=observe"}}, 1, nil},
		} {
			if err := c.Apply(tt.overrides); err != nil {
				t.Fatal(err)
			}
			before := c.Stats().Method("Get").Attempts
			err := Run(t.Context(), m, down)
			if tt.reason == nil && err != errDown || !errors.Is(err, tt.reason) && tt.reason != nil {
				t.Errorf("%v: got %v", tt.overrides, err)
			}
			if got := c.Stats().Method("Get").Attempts - before; got != tt.attempts {
				t.Errorf("%v: %d attempts, want %d", tt.overrides, got, tt.attempts)
			}
		}
	})
}

func TestWhatObservingPoliciesWouldDoIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		observe := func(_ context.Context, e Event) {
			if e.Kind == EventObserved {
				got = append(got, fmt.Sprintf("%s %s %d %s %s %v", e.Guard, e.Mode, e.Attempt, e.Delay, e.Elapsed, e.Err))
			}
		}
		_, m := newMethod(t, withAll(
			withTimeout(Timeout{Total: 2 * time.Second, Attempt: time.Second, Mode: ModeObserve}),
			withRetry(func(r *Retry) { r.Mode = ModeObserve }),
			withHedge(Hedge{Delay: 500 * time.Millisecond, Max: 1, Mode: ModeObserve})), WithObserver(observe))
		Hedged(t.Context(), m, func(ctx context.Context) (int, error) { return 0, takes(step{3 * time.Second, errDown})(ctx) }, nil)
		want := []string{
			"timeout observe 1 0s 3s <nil>",
			"hedge observe 2 500ms 0s <nil>",
			"retry observe 2 100ms 0s backend is down",
			"timeout observe 0 0s 3s <nil>",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
