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
)

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
	hint   time.Duration // that the callee asked for, as far as it is believed
	why    Opening       // what opened it, as far as a model knows

	results      []modelResult
	streak       int
	finishedAt   time.Duration
	sinceFailure int // successes

	ramped Ratio // calls that may pass on a ramp, whole ones and a part; -1 without a ramp

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

func (b *breakerModel) enter(state State, now time.Duration) {
	b.phase = &modelPhase{state: state, began: now, ramped: -1}
}

// open is entered from a phase that is closed or open.
func (b *breakerModel) open(now, hint time.Duration, why Opening) {
	last, most := b.phase, b.policy.OpenMax
	b.enter(StateOpen, now)
	b.opened++
	b.phase.why, b.phase.length = why, b.policy.Open
	if last.state == StateOpen && most > 0 {
		b.phase.length = min(2*last.length, most)
	}
	if most == 0 {
		most = 10 * b.policy.Open
	}
	b.phase.hint = min(hint, most)
}

// share is that of the calls which a closed breaker admits.
func (b *breakerModel) share(now time.Duration) Ratio {
	if elapsed := now - b.phase.began; b.phase.ramped >= 0 && elapsed < b.policy.Ramp {
		return Ratio(float64(elapsed) / float64(b.policy.Ramp) * 1_000_000)
	}
	return 100 * Percent
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
		if share := b.share(now); share < 100*Percent {
			if p.ramped += share; p.ramped < 100*Percent {
				return nil
			}
			p.ramped -= 100 * Percent
		}
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
	slow := b.policy.Slow > 0 && now-call.started > b.policy.Slow && !failure && (success || how == gaveUp || how == tooLate)
	if slow {
		success, failure = false, true
	}
	switch p.state {
	case StateClosed:
		switch {
		case success:
			p.streak = 0
			p.sinceFailure++
		case failure:
			p.streak = b.streak(now) + 1
			p.finishedAt = now
			p.sinceFailure = 0
		case how != exits: // which gobreaker does not hear of
			p.streak = b.streak(now)
			p.finishedAt = now
		}
		if success || failure {
			p.results = append(p.results, modelResult{call.bucket, !success})
		}
		// A success counts while it can be among the first that, with the failures
		// before it, fill up the minimum.
		fits := 100*Percent*Ratio(p.sinceFailure) <= Ratio(b.policy.Min)*(100*Percent-b.policy.Ratio)
		if failure || success && fits {
			if why, opens := b.exceeds(now); opens {
				if slow {
					why.Rule = RuleSlow
				}
				b.open(now, 0, why)
			}
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
				b.enter(StateClosed, now)
				if b.policy.Ramp > 0 {
					b.phase.ramped = 100 * Percent * Ratio(b.policy.Probes)
				}
			}
		case failure:
			b.open(now, 0, Opening{Rule: RuleProbe, Successes: uint64(p.passed), Failures: 1, Streak: 1})
		case how == throttles:
			b.open(now, hint, Opening{Rule: RuleThrottled, Successes: uint64(p.passed)})
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

// exceeds returns the rule by which the breaker opens now, if one is exceeded.
func (b *breakerModel) exceeds(now time.Duration) (why Opening, ok bool) {
	successes, failures := b.counts(now)
	answered, streak := successes+failures, b.streak(now)
	why = Opening{Successes: uint64(successes), Failures: uint64(failures), Streak: uint64(streak)}
	most := int(b.policy.Consecutive)
	if b.policy.Consecutive == ConsecutiveAuto {
		most = autoModel(b.policy, answered)
	}
	if most > 0 && streak >= most {
		return why, true
	}
	why.Rule = RuleRatio
	return why, b.policy.Ratio > 0 && answered >= b.policy.Min && failures*100 >= int(b.policy.Ratio/Percent)*answered
}

// autoModel is 5 and one more for each time that the ratio of the answered calls, of
// these that ratio again, and so on, reaches the minimum.
func autoModel(policy Breaker, answered int) int {
	most, share := 5, float64(min(policy.Ratio, 99*Percent))/float64(100*Percent)
	for n := float64(answered) * share; policy.Ratio > 0 && n >= float64(policy.Min)-1e-9; n *= share {
		most++
	}
	return most
}

// retryAfter is the time until a refused call may be let through.
func (b *breakerModel) retryAfter(now time.Duration) (wait time.Duration) {
	p := b.phase
	switch b.state(now) {
	case StateOpen:
		return p.until - now
	case StateHalfOpen:
		live := 0
		for _, o := range p.probes {
			if left := o.started + b.policy.Open - now + 1; left > 0 {
				if live++; live == 1 || left < wait {
					wait = left
				}
			}
		}
		if p.passed+live < b.policy.Probes {
			return 0
		}
	}
	return wait
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
			Consecutive: Consecutive(rapid.IntRange(-1, 4).Draw(rt, "consecutive")),
			Ratio:       sampled(rt, "ratio", 25*Percent, 50*Percent, 90*Percent, 100*Percent),
			Min:         rapid.IntRange(1, 8).Draw(rt, "min"),
			Window:      sampled(rt, "window", time.Second, 10*time.Second, time.Minute),
			Open:        sampled(rt, "open", time.Second, 5*time.Second, 30*time.Second),
			Probes:      rapid.IntRange(1, 4).Draw(rt, "probes"),
			Slow:        sampled(rt, "slow", 0, 2*time.Second),
			Ramp:        sampled(rt, "ramp", 0, 0, 7*time.Second),
		}
		policy.OpenMax = policy.Open * time.Duration(sampled(rt, "open max", 0, 1, 2, 5, 20))
		if policy.Consecutive != 0 && rapid.Bool().Draw(rt, "streak only") {
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
				Pause: sampled(rt, "pause", time.Millisecond, policy.Ramp/5, 2*policy.Open, policy.OpenMax*11/10, policy.Window/10, policy.Window/2, policy.Open/2, policy.Open, policy.Open*11/10,
					policy.Open+1, lapse+1, 2500*time.Millisecond),
			}
		}), 100, 400).Draw(rt, "steps")
		inBubble(t, rt, func(t *testing.T) error { return compareBreaker(t, policy, steps) })
	})
}

func compareBreaker(t *testing.T, policy Breaker, steps []breakerStep) error {
	c, m := newMethod(t, withBreaker(func(b *Breaker) { *b = policy; b.Name = "Store" }))
	model := breakerModel{policy: policy}
	model.enter(StateClosed, 0)
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
			if least, most := max(p.length*9/10, p.hint), max(p.length*11/10, p.hint*11/10); left < least || left > most {
				return fmt.Errorf("open for %v, want %v to %v", left, least, most)
			}
			p.why.Open = left
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
				model.enter(StateForcedOpen, time.Since(began))
				model.phase.why = Opening{Rule: RuleForced}
			case 1:
				c.Breaker("Store").ForceClose()
				model.enter(StateForcedClosed, time.Since(began))
			default:
				c.Breaker("Store").Reset()
				model.enter(StateClosed, time.Since(began))
			}
		}
		now := time.Since(began)
		got := c.Stats().Breaker("Store")
		want := BreakerStats{Name: "Store", State: model.state(now), Opened: model.opened, RetryAfter: model.retryAfter(now)}
		switch want.State {
		case StateClosed:
			successes, failures := model.counts(now)
			want.Successes, want.Failures, want.Streak = uint64(successes), uint64(failures), uint64(model.streak(now))
			want.Ramp = model.share(now) % (100 * Percent)
		case StateOpen, StateHalfOpen, StateForcedOpen:
			if why := got.Opening; why == nil {
				err = errors.New("nothing says why the breaker is open")
			} else if own := *why; err == nil {
				if own.Err = nil; own != model.phase.why {
					err = fmt.Errorf("opened for %+v, want %+v", own, model.phase.why)
				}
			}
		}
		if got.Since.IsZero() != (want.State == StateClosed) {
			err = fmt.Errorf("%s since %s", got.State, got.Since)
		}
		got.Since, got.LastFailure, got.LastError, got.Opening = time.Time{}, time.Time{}, nil, nil
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

		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Probes = probes; b.Open = time.Hour }))
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
