package resil

import (
	"math"
	"time"

	"github.com/sony/gobreaker/v2"
)

// windowBuckets is how finely the rolling window slides.
const windowBuckets = 10

// closed returns a new closed phase. gobreaker keeps its rolling window; what
// gobreaker cannot do, the streak and all that follows tripping, is ours.
func (c *CircuitBreaker) closed(r *ramp) *phase {
	p := &phase{breaker: c, state: StateClosed, ramp: r}
	p.finishedAt.Store(never)
	p.window = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         c.pool.name,
		Interval:     c.pool.policy.Window,
		BucketPeriod: (c.pool.policy.Window + windowBuckets - 1) / windowBuckets,
		Timeout:      math.MaxInt64 / 2, // never: the next phase takes over
		ReadyToTrip:  p.readyToTrip,
		IsSuccessful: p.isSuccessful,
		IsExcluded:   p.isExcluded,
	})
	return p
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
	if p.breaker.isOverflow() {
		return false
	}
	if why := p.exceeded(counts); why != nil {
		if p.slow {
			why.Rule = RuleSlow
		}
		p.tripped.Store(why)
		return true
	}
	policy := &p.breaker.pool.policy
	if least := uint64(policy.Min); policy.Ratio > 0 && policy.Ratio.of(uint64(counts.TotalFailures), least) {
		// There are failures enough for the minimum; or there will be, once the
		// window forgets successes. Only so many successes fit beside them.
		fit := least * uint64(hundredPercent-policy.Ratio) / uint64(hundredPercent)
		p.completing.Store(1 + int32(min(fit, math.MaxInt32-1)))
	}
	return false
}

// completed decides after a success that gobreaker has counted, and that may have
// completed the minimum; gobreaker asks after failures only.
func (p *phase) completed() *Opening {
	p.window.State() // ages the window, which Counts does not
	return p.exceeded(p.window.Counts())
}

// exceeded returns the rule that the window's counts exceed, nil for none.
func (p *phase) exceeded(counts gobreaker.Counts) *Opening {
	policy := &p.breaker.pool.policy
	streak, failed := p.streak.Load(), uint64(counts.TotalFailures)
	answered := failed + uint64(counts.TotalSuccesses)
	rule := RuleConsecutive
	switch {
	case p.breaker.pool.streak.opens(streak, answered):
	case policy.Ratio > 0 && answered >= uint64(policy.Min) && policy.Ratio.of(failed, answered):
		rule = RuleRatio
	default:
		return nil
	}
	return &Opening{Rule: rule, Successes: answered - failed, Failures: failed, Streak: uint64(streak)}
}
