package resil

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
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

// A breakerModel is what a breaker is meant to do, without locks, atomics or
// gobreaker. Its clock counts from the start of the bubble.
type breakerModel struct {
	policy Breaker
	phase  *modelPhase
	opened uint64
}

type modelPhase struct {
	state  State // as it was entered: never half-open
	began  time.Duration
	length time.Duration // that an open phase was meant to have, give or take a tenth

	results    []modelResult
	streak     int
	finishedAt time.Duration

	until  time.Duration
	probes []*modelCall
	passed int
}

type modelResult struct {
	bucket int
	failed bool
}

// A modelCall is one that was admitted.
type modelCall struct {
	phase   *modelPhase
	started time.Duration
	bucket  int
}

func (b *breakerModel) bucket(at time.Duration) int {
	return int((at - b.phase.began) / ((b.policy.Window + 9) / 10))
}

func (b *breakerModel) enter(state State, now, length time.Duration) {
	b.phase = &modelPhase{state: state, began: now, length: length}
	if state == StateOpen {
		b.opened++
	}
}

func (b *breakerModel) state(now time.Duration) State {
	if b.phase.state == StateOpen && now >= b.phase.until {
		return StateHalfOpen
	}
	return b.phase.state
}

// start returns nil for a call that is refused.
func (b *breakerModel) start(now time.Duration) *modelCall {
	p := b.phase
	call := &modelCall{phase: p, started: now}
	switch b.state(now) {
	case StateClosed:
		call.bucket = b.bucket(now)
	case StateForcedClosed:
	case StateHalfOpen:
		var live []*modelCall
		for _, o := range p.probes {
			if now-o.started <= b.policy.Open {
				live = append(live, o)
			}
		}
		if p.passed+len(live) >= b.policy.Probes {
			return nil
		}
		p.probes = append(live, call) // the others are written off
	default:
		return nil
	}
	return call
}

// finish ends a call. patient says that it gave the callee its usual time, if its
// caller's deadline ended it.
func (b *breakerModel) finish(call *modelCall, how ending, patient bool, hint, now time.Duration) {
	p := b.phase
	if call.phase != p {
		return
	}
	success := how <= answers
	failure := how == breaksDown || how == isBroken || how == tooLate && patient
	if (how == gaveUp || how == tooLate) && b.policy.Slow > 0 && now-call.started > b.policy.Slow {
		failure = true
	}
	if success && b.policy.Slow > 0 && now-call.started > b.policy.Slow {
		success, failure = false, true
	}
	switch p.state {
	case StateClosed:
		switch {
		case success:
			p.streak = 0
		case failure:
			p.streak = b.streak(now) + 1
			p.finishedAt = now
		case how != exits: // which gobreaker does not hear of
			p.streak = b.streak(now)
			p.finishedAt = now
		}
		if success || failure {
			p.results = append(p.results, modelResult{call.bucket, !success})
		}
		if failure && b.trips(now) {
			b.enter(StateOpen, now, b.policy.Open)
		}
	case StateOpen:
		i := slices.Index(p.probes, call)
		if i < 0 {
			return
		}
		p.probes = slices.Delete(p.probes, i, i+1)
		switch {
		case success:
			if p.passed++; p.passed == b.policy.Probes {
				b.enter(StateClosed, now, 0)
			}
		case failure:
			b.enter(StateOpen, now, b.policy.Open)
		case how == throttles:
			b.enter(StateOpen, now, max(b.policy.Open, hint))
		}
	}
}

func (b *breakerModel) streak(now time.Duration) int {
	if now-b.phase.finishedAt > max(b.policy.Window, b.policy.Open) {
		return 0
	}
	return b.phase.streak
}

// counts are the results in the window.
func (b *breakerModel) counts(now time.Duration) (successes, failures int) {
	for _, r := range b.phase.results {
		switch {
		case b.bucket(now)-r.bucket >= 10:
		case r.failed:
			failures++
		default:
			successes++
		}
	}
	return successes, failures
}

func (b *breakerModel) trips(now time.Duration) bool {
	if b.policy.Consecutive > 0 && b.streak(now) >= b.policy.Consecutive {
		return true
	}
	successes, failures := b.counts(now)
	answered := successes + failures
	return b.policy.Ratio > 0 && answered >= b.policy.Min && failures*100 >= int(b.policy.Ratio/Percent)*answered
}

type breakerStep struct {
	Do    string
	Which int // of the calls under way
	Times int // that a whole call is made
	How   ending
	Hint  time.Duration
	Pause time.Duration
}

// A breaker does as its model, call by call: it admits the same calls, counts the
// same results and changes its state at the same time, with calls of all phases
// under way at once.
func TestBreakerDoesAsItsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		policy := Breaker{
			Consecutive: rapid.IntRange(0, 4).Draw(rt, "consecutive"),
			Ratio:       sampled(rt, "ratio", 25*Percent, 50*Percent, 100*Percent),
			Min:         rapid.IntRange(1, 8).Draw(rt, "min"),
			Window:      sampled(rt, "window", time.Second, 10*time.Second, time.Minute),
			Open:        sampled(rt, "open", time.Second, 5*time.Second, 30*time.Second),
			Probes:      rapid.IntRange(1, 4).Draw(rt, "probes"),
			Slow:        sampled(rt, "slow", 0, 2*time.Second),
		}
		if policy.Consecutive > 0 && rapid.Bool().Draw(rt, "streak only") {
			policy.Ratio = 0
		}
		lapse := max(policy.Window, policy.Open)
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) breakerStep {
			return breakerStep{
				Do:    sampled(rt, "do", "call", "start", "finish", "pause", "call", "start", "finish", "pause", "call", "force"),
				Which: rapid.IntRange(0, 7).Draw(rt, "which"),
				Times: rapid.IntRange(1, 5).Draw(rt, "times"),
				How: sampled(rt, "how", succeeds, succeeds, succeeds, answers, breaksDown, breaksDown, breaksDown, isBroken,
					throttles, gaveUp, tooLate, panics, exits),
				Hint: sampled(rt, "hint", 0, time.Second, time.Minute),
				Pause: sampled(rt, "pause", time.Millisecond, policy.Window/10, policy.Window/2, policy.Open/2, policy.Open, policy.Open*11/10,
					policy.Open+1, lapse+1, 2500*time.Millisecond),
			}
		}), 100, 400).Draw(rt, "steps")
		inBubble(t, rt, func(t *testing.T) error { return compareBreaker(t, policy, steps) })
	})
}

func compareBreaker(t *testing.T, policy Breaker, steps []breakerStep) error {
	c, m := one(t, breaker(func(b *Breaker) { *b = policy; b.Name = "Store" }))
	model := breakerModel{policy: policy}
	model.enter(StateClosed, 0, 0)
	began := time.Now()

	type underWay struct {
		model *modelCall
		end   chan breakerStep
	}
	var calls []underWay
	var wg sync.WaitGroup
	defer wg.Wait()
	defer func() {
		for _, call := range calls {
			close(call.end)
		}
	}()
	start := func() error {
		ctx, end := newEndable(), make(chan breakerStep)
		var refused error
		launch(&wg, ctx, m, func(context.Context) error {
			s := <-end
			return s.How.as(ctx, s.Hint)
		}, func(err error) { refused = err })
		synctest.Wait()
		call := model.start(time.Since(began))
		if admitted := !errors.Is(refused, ErrOpen); admitted != (call != nil) {
			close(end)
			return fmt.Errorf("a call was admitted: %v, want %v", admitted, call != nil)
		}
		if call != nil {
			calls = append(calls, underWay{call, end})
		}
		return nil
	}
	finish := func(i int, s breakerStep) error {
		call, phase := calls[i], model.phase
		calls = slices.Delete(calls, i, i+1)
		now := time.Since(began)
		patient := m.usual.reached(now-call.model.started, now, m.counts.answers())
		call.end <- s
		synctest.Wait()
		model.finish(call.model, s.How, patient, s.Hint, now)
		if p := model.phase; p != phase && p.state == StateOpen {
			left := c.Stats().Breaker("Store").RetryAfter
			if left < p.length*9/10 || left > p.length*11/10 {
				return fmt.Errorf("open for %v, want %v ± 10%%", left, p.length)
			}
			p.until = time.Since(began) + left // how long exactly is chance
		}
		return nil
	}
	for i, s := range steps {
		before := len(calls)
		var err error
		switch s.Do {
		case "start":
			err = start()
		case "finish":
			if len(calls) > 0 {
				err = finish(s.Which%len(calls), s)
			}
		case "call":
			for range s.Times {
				if err = start(); err == nil && len(calls) > before {
					err = finish(before, s)
				}
				if err != nil {
					break
				}
			}
		case "pause":
			time.Sleep(s.Pause)
		case "force":
			switch s.Which {
			case 0:
				c.Breaker("Store").ForceOpen()
				model.enter(StateForcedOpen, time.Since(began), 0)
			case 1:
				c.Breaker("Store").ForceClose()
				model.enter(StateForcedClosed, time.Since(began), 0)
			default:
				c.Breaker("Store").Reset()
				model.enter(StateClosed, time.Since(began), 0)
			}
		}
		now := time.Since(began)
		got := c.Stats().Breaker("Store")
		want := BreakerStats{Name: "Store", State: model.state(now), Opened: model.opened}
		switch want.State {
		case StateClosed:
			successes, failures := model.counts(now)
			want.Successes, want.Failures, want.Streak = uint64(successes), uint64(failures), uint64(model.streak(now))
		case StateOpen:
			want.RetryAfter = model.phase.until - now
		}
		got.LastFailure, got.LastError = time.Time{}, nil
		if err == nil && got != want {
			err = fmt.Errorf("breaker is %+v, want %+v", got, want)
		}
		if err != nil {
			return fmt.Errorf("step %d (%+v) at %v: %w", i, s, now, err)
		}
	}
	return nil
}

// Half-open, however calls interleave and end, no more are out than there are
// probes, and every slot comes back that has not passed.
func TestProbesUnderAnyInterleaving(t *testing.T) {
	type caller struct {
		How           ending
		Before, After int // times it yields
	}
	rapid.Check(t, func(rt *rapid.T) {
		probes := rapid.IntRange(1, 5).Draw(rt, "probes")
		var passing int // fewer than close it, so that all that get in are probes
		callers := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) caller {
			return caller{
				How:    sampled(rt, "how", succeeds, answers, gaveUp, tooLate, panics, exits, gaveUp, panics, exits, breaksDown, throttles),
				Before: rapid.IntRange(0, 3).Draw(rt, "before"),
				After:  rapid.IntRange(0, 3).Draw(rt, "after"),
			}
		}), 1, 32).Draw(rt, "callers")

		c, m := one(t, breaker(func(b *Breaker) { b.Probes = probes; b.Open = time.Hour }))
		m.breaker.phase.Store(m.breaker.refusingPhase(StateOpen, 0))
		m.usual.observe(time.Hour) // so that no caller whose deadline passes gave it its time
		var inside, most, passed, failed atomic.Int32
		var wg sync.WaitGroup
		begin := make(chan bool)
		for _, call := range callers {
			how := call.How
			if how <= answers {
				if passing++; passing >= probes {
					how = gaveUp
				}
			}
			ctx := newEndable()
			wg.Go(func() {
				<-begin
				for range call.Before {
					runtime.Gosched()
				}
				defer func() { recover() }()
				Run(ctx, m, func(context.Context) error {
					n := inside.Add(1)
					defer inside.Add(-1)
					for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
					}
					for range call.After {
						runtime.Gosched()
					}
					switch how {
					case succeeds, answers:
						passed.Add(1)
					case breaksDown, throttles:
						failed.Add(1)
					}
					return how.as(ctx, 0)
				})
			})
		}
		close(begin)
		wg.Wait()
		if int(most.Load()) > probes {
			rt.Fatalf("%d probes at once, want at most %d", most.Load(), probes)
		}
		want := StateHalfOpen
		if failed.Load() > 0 {
			want = StateOpen
		}
		if got := c.Breaker("Store").State(); got != want {
			rt.Fatalf("breaker is %v after %d failures, want %v", got, failed.Load(), want)
		}
		if want == StateOpen {
			return
		}
		free := 0
		var occupy func(context.Context) error
		occupy = func(ctx context.Context) error {
			free++
			return Run(ctx, m, occupy)
		}
		Run(context.Background(), m, occupy)
		if want := probes - int(passed.Load()); free != want {
			rt.Fatalf("%d slots are free, want %d of %d less %d that passed", free, want, probes, passed.Load())
		}
	})
}

// reasons are the outcomes of calls by what their callers get told.
var reasons = map[error]Outcome{
	ErrExhausted: OutcomeExhausted, ErrBudget: OutcomeBudget, ErrDeadline: OutcomeDeadline, ErrRetryLater: OutcomeLater,
	ErrOpen: OutcomeOpen, ErrLimited: OutcomeLimited, ErrFull: OutcomeFull, ErrTimeout: OutcomeTimedOut,
	context.DeadlineExceeded: OutcomeDeadline, context.Canceled: OutcomeCanceled,
}

// Every call is in the books once, as what its caller saw of it, and every attempt
// as what the callee saw, whichever policies are there.
func TestBooksAddUp(t *testing.T) {
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
			get.Breaker = &Breaker{Name: "Store", Consecutive: rapid.IntRange(1, 5).Draw(rt, "consecutive"), Min: 1,
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
					return fmt.Errorf("%d calls in the books as %v, but callers saw %d: %+v", got, Outcome(i), want, s)
				}
			}
			if s.Calls != uint64(calls) {
				return fmt.Errorf("%d calls in the books, want %d: %+v", s.Calls, calls, s)
			}
			if s.Attempts != called.Load() {
				return fmt.Errorf("%d attempts in the books, but the callee saw %d: %+v", s.Attempts, called.Load(), s)
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
			_, m := one(t, limit(policy))
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
