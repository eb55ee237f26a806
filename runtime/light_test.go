package resil

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A caller makes calls of Get in turn.
type caller struct {
	policies Policies
	calls    []callOf
	keyed    bool

	observer, durations, profile bool
}

// A callOf is one call: what its attempts meet, and for how long its caller waits.
type callOf struct {
	deadline time.Duration // 0 for none
	cancel   time.Duration // 0 for never
	steps    []step        // err errPanics panics
	pause    time.Duration // after the call
}

var errPanics = errors.New("panics")

// report is all that a client tells of calls.
type report struct {
	Errs      []string
	Events    []string
	Stats     MethodStats
	Breaker   BreakerStats
	Durations []MethodDurations
	Usual     int64
}

// run makes the calls, by the engine alone or lightly where that will do.
func (r *caller) run(t *testing.T, byEngine bool) (seen report) {
	var m KeyedMethod[string]
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Idempotent: true, Policies: r.policies}}}
	if r.keyed {
		spec.Methods[0].Method = &m
	}
	var opts []Option
	if r.observer {
		opts = append(opts, WithObserver(func(_ context.Context, e Event) {
			if e.Kind != EventStateChanged {
				seen.Events = append(seen.Events, fmt.Sprintf("%s %d %s %s %q %v %d %s %s", e.Kind, e.Attempt, e.Class, e.Outcome, errorText(e.Err), e.Hedge, e.Retries, e.Elapsed, e.GuardName))
			}
		}))
	}
	if r.durations {
		opts = append(opts, WithDurations())
	}
	if r.profile {
		opts = append(opts, WithProfile(new(Profile)))
	}
	c := newClient(t, spec, opts...)
	if byEngine {
		for _, p := range c.plans {
			p.light.Store(heavy)
		}
	}
	for _, call := range r.calls {
		ctx, stop := context.Background(), context.CancelFunc(func() {})
		if call.deadline > 0 {
			ctx, stop = context.WithTimeout(ctx, call.deadline)
		} else if call.cancel > 0 {
			ctx, stop = context.WithCancel(ctx)
			time.AfterFunc(call.cancel, stop)
		}
		of := c.Method("Get")
		if r.keyed {
			of = m.For("a")
		}
		err := func() (err error) {
			defer func() {
				if v := recover(); v != nil {
					err = errPanics
				}
			}()
			f := takes(call.steps...)
			return Run(ctx, of, func(ctx context.Context) error {
				err := f(ctx)
				if err == errPanics {
					panic(err)
				}
				return err
			})
		}()
		stop()
		seen.Errs = append(seen.Errs, errorText(err))
		time.Sleep(call.pause)
	}
	stats := c.Stats()
	seen.Stats, seen.Durations, seen.Usual = stats.Method("Get"), c.Durations(), c.plans[0].usual.time.Load()
	if r.keyed {
		if n := m.For("a").entry.pins.Load(); n != 1 {
			t.Errorf("%d pins, want this one", n)
		}
		seen.Breaker = stats.Breaker("Store", "a")
	} else {
		seen.Breaker = stats.Breaker("Store")
	}
	if o := seen.Breaker.Opening; o != nil {
		seen.Breaker.Opening = copyOf(o)
		seen.Breaker.Opening.Open = 0
	}
	seen.Breaker.RetryAfter, seen.Breaker.LastFailure, seen.Breaker.LastError = 0, time.Time{}, nil // of a random open time, and another bubble's
	if r.profile {
		for _, l := range c.plans[0].seen.loads {
			if n := l.now.Load(); n != 0 {
				t.Errorf("%d attempts are still under way", n)
			}
		}
	}
	return seen
}

var sameText = cmp.Comparer(func(a, b error) bool { return errorText(a) == errorText(b) })

// errorText is what an error says, without how long an open breaker will refuse, which is random.
func errorText(err error) string {
	if own, ok := err.(*Error); ok {
		return fmt.Sprintf("%v after %d: %v", own.Reason, own.Attempts, own.Err)
	}
	return fmt.Sprint(err)
}

// A light call is one that does less for the same: whether the first attempt is made by the
// engine or not, callers, observers, counters and breakers see no difference.
func TestLightCallsAreSeenAsThoseOfTheEngine(t *testing.T) {
	ms := rapid.Map(rapid.IntRange(0, 120), func(n int) time.Duration { return time.Duration(n) * time.Millisecond })
	calls := rapid.Custom(func(rt *rapid.T) (c callOf) {
		switch rapid.IntRange(0, 3).Draw(rt, "caller") {
		case 0:
			c.deadline = ms.Draw(rt, "deadline") + 1
		case 1:
			c.cancel = ms.Draw(rt, "cancel") + 1
		}
		for range rapid.IntRange(1, 3).Draw(rt, "attempts") {
			errs := []error{nil, nil, nil, nil, errNotFound, errDown, errPanics, Throttle(errors.New("slow down"), 0), errors.New("who knows"), context.DeadlineExceeded}
			c.steps = append(c.steps, step{ms.Draw(rt, "took"), rapid.SampledFrom(errs).Draw(rt, "err")})
		}
		c.pause = ms.Draw(rt, "pause")
		return c
	})
	rapid.Check(t, func(rt *rapid.T) {
		drawn := func(label string) bool { return rapid.Bool().Draw(rt, label) }
		r := caller{calls: rapid.SliceOfN(calls, 1, 30).Draw(rt, "calls"), observer: drawn("observer"), durations: drawn("durations"), profile: drawn("profile")}
		if drawn("warm") { // beyond the successes that are all timed for the breaker
			warm := callOf{steps: []step{{time.Millisecond, nil}}, pause: 60 * time.Millisecond}
			r.calls = append(slices.Repeat([]callOf{warm}, sampleAll+2), r.calls...)
		}
		p := &r.policies
		if drawn("retry") {
			p.Retry = copyOf(&testRetry)
			p.Retry.Jitter = JitterNone
		}
		if drawn("breaker") {
			p.Breaker = copyOf(&testBreaker)
			p.Breaker.Open = time.Hour
			if r.keyed = drawn("keyed"); r.keyed {
				p.Breaker.Scope = Scope{Per: "peer", Keys: 10}
			}
		}
		switch rapid.IntRange(0, 2).Draw(rt, "guard") {
		case 0:
			p.Limit = &Limit{Name: "Store", Rate: Rate{Count: 20, Per: time.Second}, Burst: 2}
		case 1:
			p.Bulkhead = &Bulkhead{Name: "Store", Calls: 1}
		}
		if drawn("timeout") {
			p.Timeout = &Timeout{Total: 2 * time.Second, Attempt: 60 * time.Millisecond}
		}
		var by [2]report
		for i := range by {
			synctest.Test(t, func(t *testing.T) { by[i] = r.run(t, i == 1) })
		}
		if diff := cmp.Diff(by[1], by[0], sameText); diff != "" {
			rt.Fatalf("- by the engine, + lightly: %s", diff)
		}
	})
}
