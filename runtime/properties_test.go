package resil

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/resilgen/resilgen/internal/directive"
)

// Properties that hold whatever comes, in whatever order. Those that need a clock
// run what was drawn in a bubble, which brings its finding out to where rapid may
// fail and shrink it.

// inBubble runs f in a bubble and fails rt with its finding, if it has one.
func inBubble(t *testing.T, rt *rapid.T, f func(*testing.T) error) {
	rt.Helper()
	var finding error
	synctest.Test(t, func(t *testing.T) { finding = f(t) })
	if finding != nil {
		rt.Fatal(finding)
	}
}

// sampled draws one of the values.
func sampled[T any](rt *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(rt, label)
}

// An ending is how a callee's call ends.
type ending uint8

const (
	succeeds ending = iota
	answers         // with an Application error
	breaksDown
	isBroken
	throttles
	gaveUp  // the caller cancels
	tooLate // the caller's deadline passes
	panics
	exits
)

var endingNames = directive.Enum[ending]{"succeeds", "answers", "breaks down", "is broken", "throttles", "is given up", "is too late", "panics", "exits"}

func (e ending) String() string { return endingNames.Text(e) }

// endable is a context that its holder ends as it likes.
type endable struct {
	context.Context
	done chan struct{}
	err  error
}

func newEndable() *endable { return &endable{Context: context.Background(), done: make(chan struct{})} }

func (c *endable) end(err error)         { c.err = err; close(c.done) }
func (c *endable) Done() <-chan struct{} { return c.done }
func (c *endable) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// as ends a call of a callee under ctx.
func (e ending) as(ctx *endable, hint time.Duration) error {
	switch e {
	case answers:
		return errNotFound
	case breaksDown:
		return errDown
	case isBroken:
		return System(errNotFound)
	case throttles:
		return Throttle(errNotFound, hint)
	case gaveUp:
		ctx.end(context.Canceled)
		return ctx.Err()
	case tooLate:
		ctx.end(context.DeadlineExceeded)
		return ctx.Err()
	case panics:
		panic(e)
	case exits:
		runtime.Goexit()
	}
	return nil
}

// launch makes a call on a goroutine of its own, which a panic or runtime.Goexit
// in f may end.
func launch(wg *sync.WaitGroup, ctx context.Context, m *Method, f func(context.Context) error, ended func(error)) {
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer func() { recover() }()
		ended(Run(ctx, m, f))
	}()
}

// reasons are the outcomes of calls by what their callers get told.
var reasons = map[error]Outcome{
	ErrExhausted: OutcomeExhausted, ErrBudget: OutcomeBudget, ErrDeadline: OutcomeDeadline, ErrRetryLater: OutcomeLater,
	ErrOpen: OutcomeOpen, ErrLimited: OutcomeLimited, ErrFull: OutcomeFull, ErrTimeout: OutcomeTimedOut,
	context.DeadlineExceeded: OutcomeDeadline, context.Canceled: OutcomeCanceled,
}

// Every call is counted once, as what its caller saw of it, and every attempt
// as what the callee saw, whichever policies are there.
func TestCountersAddUp(t *testing.T) {
	type planned struct {
		Pause, Takes time.Duration
		Deadline     time.Duration // the caller's, 0 for none
		Endings      []ending      // of its attempts, in turn
	}
	ms := func(rt *rapid.T, label string, low, high int) time.Duration {
		return time.Duration(rapid.IntRange(low, high).Draw(rt, label)) * time.Millisecond
	}
	rapid.Check(t, func(rt *rapid.T) {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
		get := &spec.Methods[0]
		if rapid.Bool().Draw(rt, "retry") {
			get.Retry = copyOf(&testRetry)
			get.Retry.Attempts = rapid.IntRange(1, 5).Draw(rt, "attempts")
			get.Retry.Initial = 10 * time.Millisecond
		}
		if rapid.Bool().Draw(rt, "breaker") {
			get.Breaker = &Breaker{Name: "Store", Consecutive: Consecutive(rapid.IntRange(1, 5).Draw(rt, "consecutive")), Min: 1,
				Window: time.Second, Open: ms(rt, "open", 1, 100), Probes: rapid.IntRange(1, 3).Draw(rt, "probes")}
		}
		if rapid.Bool().Draw(rt, "limit") {
			get.Limit = &Limit{Name: "Store", Rate: Rate{Count: 100, Per: time.Second},
				Burst: rapid.IntRange(1, 10).Draw(rt, "burst"), Wait: ms(rt, "limit wait", 0, 30)}
		}
		if rapid.Bool().Draw(rt, "bulkhead") {
			get.Bulkhead = &Bulkhead{Name: "Store", Calls: rapid.IntRange(1, 4).Draw(rt, "calls"), Wait: ms(rt, "bulkhead wait", 0, 30)}
		}
		if rapid.Bool().Draw(rt, "timeout") {
			get.Timeout = &Timeout{Total: ms(rt, "total", 60, 200), Attempt: ms(rt, "attempt", 30, 60)}
		}
		hedged := rapid.Bool().Draw(rt, "hedge")
		if hedged {
			get.Hedge = &Hedge{Delay: ms(rt, "delay", 1, 19), Max: rapid.IntRange(1, 3).Draw(rt, "max")}
		}
		plans := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) planned {
			p := planned{Pause: ms(rt, "pause", 0, 50), Takes: ms(rt, "takes", 0, 70)}
			if rapid.Bool().Draw(rt, "impatient") {
				p.Deadline = ms(rt, "deadline", 1, 100)
			}
			p.Endings = rapid.SliceOfN(rapid.SampledFrom([]ending{succeeds, succeeds, answers, breaksDown, breaksDown, breaksDown,
				isBroken, throttles, gaveUp, panics, exits}), 1, 5).Draw(rt, "endings")
			return p
		}), 1, 12), 1, 6).Draw(rt, "plans")

		inBubble(t, rt, func(t *testing.T) error {
			c := newClient(t, spec)
			m := c.Method("Get")
			var seen [outcomes]atomic.Uint64
			var called, unclassed atomic.Uint64
			call := func(p planned) {
				time.Sleep(p.Pause)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if p.Deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, p.Deadline)
					defer cancel()
				}
				outcome := OutcomePanicked
				defer func() { seen[outcome].Add(1) }()
				defer func() { recover() }()
				var attempts atomic.Int64
				f := func(own context.Context) (int, error) {
					called.Add(1)
					how := p.Endings[int(attempts.Add(1)-1)%len(p.Endings)]
					classed := false
					defer func() {
						if !classed {
							unclassed.Add(1)
						}
					}()
					select {
					case <-time.After(p.Takes):
					case <-own.Done():
					}
					if d, ok := own.Deadline(); ok && time.Until(d) <= slack(0, 200*time.Millisecond) {
						<-own.Done() // what comes so near to it may be taken to come of it
					}
					if err := own.Err(); err != nil {
						classed = err != context.Canceled
						return 0, err
					}
					if how == gaveUp {
						cancel()
						return 0, context.Canceled
					}
					if how == panics || how == exits {
						return 0, how.as(nil, 0)
					}
					classed = true
					return 0, how.as(nil, time.Millisecond)
				}
				var err error
				if hedged {
					_, err = Hedged(ctx, m, f, nil)
				} else {
					_, err = Call(ctx, m, f)
				}
				var own *Error
				switch {
				case err == nil:
					outcome = OutcomeSucceeded
				case errors.As(err, &own):
					outcome = reasons[own.Reason]
				case err == context.Canceled, err == context.DeadlineExceeded:
					outcome = reasons[err]
				default:
					outcome = OutcomeFailed
				}
			}
			var wg sync.WaitGroup
			calls := 0
			for _, plan := range plans {
				calls += len(plan)
				wg.Go(func() {
					for _, p := range plan {
						done := make(chan bool)
						go func() { defer close(done); call(p) }() // which may end its goroutine
						<-done
					}
				})
			}
			wg.Wait()
			s := m.counts.snapshot("Get")
			for i, got := range []uint64{s.Succeeded, s.Failed, s.Exhausted, s.Budget, s.Deadline, s.Later, s.Open, s.Limited, s.Full, s.TimedOut, s.Canceled, s.Panicked} {
				if want := seen[i].Load(); got != want {
					return fmt.Errorf("%d calls counted as %v, but callers saw %d: %+v", got, Outcome(i), want, s)
				}
			}
			if s.Calls != uint64(calls) {
				return fmt.Errorf("%d calls counted, want %d: %+v", s.Calls, calls, s)
			}
			if s.Attempts != called.Load() {
				return fmt.Errorf("%d attempts counted, but the callee saw %d: %+v", s.Attempts, called.Load(), s)
			}
			// Which hedges were cancelled only the runtime knows.
			if classed := s.Success + s.Application + s.Infrastructure + s.System + s.Throttled + s.Unknown; !hedged && classed != called.Load()-unclassed.Load() {
				return fmt.Errorf("%d attempts are classed, want %d: %+v", classed, called.Load()-unclassed.Load(), s)
			}
			return nil
		})
	})
}

// Between any two moments a limiter admits no more than its burst and its rate,
// however long it was idle; and it is not stingier than that.
func TestLimiterKeepsItsRate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		policy := Limit{
			Rate:  Rate{Count: rapid.IntRange(1, 1000).Draw(rt, "count"), Per: sampled(rt, "per", time.Second, time.Minute, time.Hour, 10*time.Second)},
			Burst: rapid.IntRange(1, 50).Draw(rt, "burst"),
		}
		perSecond := float64(policy.Rate.Count) / policy.Rate.Per.Seconds()
		each := time.Duration(float64(time.Second) / perSecond)
		type demand struct {
			Idle  time.Duration
			Calls int
		}
		demands := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) demand {
			return demand{
				Idle: rapid.OneOf(
					rapid.Map(rapid.Int64Range(0, 3), func(n int64) time.Duration { return time.Duration(n) * each }),
					rapid.Map(rapid.Int64Range(0, int64(2*each)), func(n int64) time.Duration { return time.Duration(n) }),
					rapid.Just(24*365*time.Hour)).Draw(rt, "idle"),
				Calls: rapid.IntRange(0, 60).Draw(rt, "calls"),
			}
		}), 1, 60).Draw(rt, "demands")
		inBubble(t, rt, func(t *testing.T) error {
			_, m := newMethod(t, withLimit(policy))
			var admitted []time.Time
			tokens := float64(policy.Burst) // by a bucket kept here
			for _, d := range demands {
				time.Sleep(d.Idle)
				tokens = min(tokens+d.Idle.Seconds()*perSecond, float64(policy.Burst))
				ok := 0
				for range d.Calls {
					if Run(t.Context(), m, succeed) == nil {
						ok++
						admitted = append(admitted, time.Now())
					}
				}
				// Within a millionth of a token a call is due or not by rounding.
				least, most := min(int(tokens-1e-6), d.Calls), min(int(tokens+1e-6), d.Calls)
				if ok < least || ok > most {
					return fmt.Errorf("%d of %d calls admitted with %v tokens there", ok, d.Calls, tokens)
				}
				tokens -= float64(ok)
			}
			for i, from := range admitted {
				for n, to := range admitted[i:] {
					if most := float64(policy.Burst) + to.Sub(from).Seconds()*perSecond; float64(n+1) > most+1e-3 {
						return fmt.Errorf("%d admitted in %v, want at most %.3f", n+1, to.Sub(from), most)
					}
				}
			}
			return nil
		})
	})
}
