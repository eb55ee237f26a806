package resil

import (
	"context"
	"math"
	"time"

	"github.com/sony/gobreaker/v2"
)

// windowBuckets is how finely the rolling window slides.
const windowBuckets = 10

// closed returns a new closed phase. gobreaker keeps its rolling window; what
// gobreaker cannot do, the streak and all that follows tripping, is ours.
func (c *CircuitBreaker) closed(r *ramp) *phase {
	policy := c.pool.policy.Load()
	p := &phase{breaker: c, state: StateClosed, windows: policy.windows, ramp: r}
	p.finishedAt.Store(never)
	p.window = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         c.pool.name,
		Interval:     policy.Window,
		BucketPeriod: (policy.Window + windowBuckets - 1) / windowBuckets,
		Timeout:      math.MaxInt64 / 2, // never: the next phase takes over
		ReadyToTrip:  p.readyToTrip,
		IsSuccessful: p.isSuccessful,
		IsExcluded:   p.isExcluded,
	})
	return p
}

// maxSeed is how many calls a window takes over from another at most, one by one.
const maxSeed = 10_000

// remade returns a closed phase that goes on where p is, with the window that the policy
// has now.
func (c *CircuitBreaker) remade(p *phase) *phase {
	p.window.State() // ages the window, which Counts does not
	counts := p.window.Counts()
	succeeded, failed := uint64(counts.TotalSuccesses), uint64(counts.TotalFailures)
	if n := succeeded + failed; n > maxSeed {
		failed = failed * maxSeed / n
		succeeded = maxSeed - failed
	}
	to := c.closed(p.ramp)
	to.seeding = true
	for range failed {
		_, _ = to.window.Execute(func() (struct{}, error) { return struct{}{}, signalFailure })
	}
	for range succeeded {
		_, _ = to.window.Execute(func() (struct{}, error) { return struct{}{}, nil })
	}
	to.seeding = false
	to.expect(failed)
	to.streak.Store(p.streakAt(c.pool.client.now()))
	to.finishedAt.Store(p.finishedAt.Load())
	return to
}

// resize gives a closed circuit a window of the length that is in force.
func (c *CircuitBreaker) resize() {
	ctx := context.Background()
	for {
		p := c.phase.Load()
		if p.state != StateClosed || p.windows == c.pool.policy.Load().windows {
			return
		}
		if why := p.tripped.Load(); why != nil {
			c.open(ctx, p, StateClosed, why, 0) // if who tripped it has not yet
		} else {
			c.change(ctx, p, c.remade(p), StateClosed)
		}
	}
}

// never is long before any time by client.now.
const never = math.MinInt64 / 2

// isExcluded and isSuccessful keep the streak. gobreaker calls them under its
// lock, for results of the current generation only.
func (p *phase) isExcluded(signal error) bool {
	switch signal {
	case nil, signalFailure, signalSlow:
		return false
	}
	if p.streak.Load() != 0 { // calls still finish
		now := p.breaker.pool.client.now()
		p.streak.Store(p.streakAt(now))
		p.finishedAt.Store(int64(now))
	}
	return true
}

func (p *phase) isSuccessful(signal error) bool {
	switch signal {
	case nil:
		if p.streak.Load() != 0 {
			p.streak.Store(0)
		}
		if n := p.completing.Load(); n > 0 {
			p.completing.Store(n - 1)
		}
	case signalFailure, signalSlow:
		if p.seeding {
			return false
		}
		now := p.breaker.pool.client.now()
		p.streak.Store(p.streakAt(now) + 1)
		p.finishedAt.Store(int64(now))
		p.slow = signal == signalSlow
	}
	return signal == nil
}

// streakAt is the number of failures in a row, 0 once no call has finished for so
// long that they say nothing about today.
func (p *phase) streakAt(now time.Duration) int64 {
	if now-time.Duration(p.finishedAt.Load()) > p.breaker.lapse() {
		return 0
	}
	return p.streak.Load()
}

// readyToTrip decides after each failure, under gobreaker's lock.
func (p *phase) readyToTrip(counts gobreaker.Counts) bool {
	if p.breaker.isOverflow() || p.seeding {
		return false
	}
	if why := p.exceeded(counts); why != nil {
		if p.slow {
			why.Rule = RuleSlow
		}
		p.tripped.Store(why)
		return true
	}
	p.expect(uint64(counts.TotalFailures))
	return false
}

// expect notes whether successes beside so many failures may complete the minimum.
func (p *phase) expect(failed uint64) {
	policy := p.breaker.pool.policy.Load()
	if least := uint64(policy.Min); policy.Ratio > 0 && policy.Ratio.of(failed, least) {
		// There are failures enough for the minimum; or there will be, once the
		// window forgets successes. Only so many successes fit beside them.
		fit := least * uint64(hundredPercent-policy.Ratio) / uint64(hundredPercent)
		p.completing.Store(1 + int32(min(fit, math.MaxInt32-1)))
	}
}

// completed decides after a success that gobreaker has counted, and that may have
// completed the minimum; gobreaker asks after failures only.
func (p *phase) completed() *Opening {
	p.window.State() // ages the window, which Counts does not
	return p.exceeded(p.window.Counts())
}

// exceeded returns the rule that the window's counts exceed, nil for none.
func (p *phase) exceeded(counts gobreaker.Counts) *Opening {
	policy := p.breaker.pool.policy.Load()
	streak, failed := p.streak.Load(), uint64(counts.TotalFailures)
	answered := failed + uint64(counts.TotalSuccesses)
	rule := RuleConsecutive
	switch {
	case policy.rule.opens(streak, answered):
	case policy.Ratio > 0 && answered >= uint64(policy.Min) && policy.Ratio.of(failed, answered):
		rule = RuleRatio
	default:
		return nil
	}
	return &Opening{Rule: rule, Successes: answered - failed, Failures: failed, Streak: uint64(streak)}
}
