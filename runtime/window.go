package resil

import (
	"math"
	"time"

	"github.com/sony/gobreaker/v2"
)

// windowBuckets is how finely the rolling window slides.
const windowBuckets = 10

// closed returns a new closed phase. gobreaker keeps its rolling window and decides
// it; what gobreaker cannot do, the streak and all that follows tripping, is
// ours.
func (c *CircuitBreaker) closed() *phase {
	p := &phase{breaker: c, state: StateClosed}
	p.window = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          c.pool.name,
		Interval:      c.pool.policy.Window,
		BucketPeriod:  (c.pool.policy.Window + windowBuckets - 1) / windowBuckets,
		Timeout:       math.MaxInt64 / 2, // never: the next phase takes over
		ReadyToTrip:   p.readyToTrip,
		IsSuccessful:  p.isSuccessful,
		IsExcluded:    p.isExcluded,
		OnStateChange: func(string, gobreaker.State, gobreaker.State) { p.tripped.Store(true) },
	})
	return p
}

// isExcluded and isSuccessful keep the streak. gobreaker calls them under its
// lock, for results of the current generation only.
func (p *phase) isExcluded(signal error) bool {
	switch signal {
	case nil, signalFailure:
		return false
	}
	if p.streak.Load() != 0 { // a sign that calls still finish
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
	case signalFailure:
		now := p.breaker.pool.client.now()
		p.streak.Store(p.streakAt(now) + 1)
		p.finishedAt.Store(int64(now))
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

func (p *phase) readyToTrip(counts gobreaker.Counts) bool {
	policy := &p.breaker.pool.policy
	if policy.Consecutive > 0 && p.streak.Load() >= int64(policy.Consecutive) {
		return true
	}
	failed := uint64(counts.TotalFailures)
	answered := failed + uint64(counts.TotalSuccesses)
	return policy.Ratio > 0 && answered >= uint64(policy.Min) && policy.Ratio.of(failed, answered)
}
