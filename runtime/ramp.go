package resil

import (
	"sync/atomic"
	"time"
)

// A ramp lets a growing share of the calls through a breaker that has just closed:
// what was down may be slow to start, and everything at once can bring it down
// again. The share grows evenly from 0, on top of as many calls as there are
// probes. Chance plays no part: each call adds the share of its time to a credit, and
// one that is admitted takes one call from it.
type ramp struct {
	began    time.Duration // by client.now
	length   time.Duration
	over     atomic.Bool
	credit   atomic.Int64 // of calls, in parts per million
	refusals refusals
}

// newRamp returns the ramp of a phase that begins now, nil if the policy has none.
func (c *CircuitBreaker) newRamp() *ramp {
	policy := c.pool.policy.Load()
	if policy.Ramp == 0 {
		return nil
	}
	r := &ramp{began: c.pool.client.now(), length: policy.Ramp, refusals: make(refusals, c.pool.methods)}
	r.credit.Store(int64(policy.Probes) * int64(hundredPercent))
	return r
}

// ramping returns p's ramp, nil if it has none or if the ramp is over.
func (p *phase) ramping() *ramp {
	if p.ramp == nil || p.ramp.over.Load() {
		return nil
	}
	return p.ramp
}

// share returns the share of the calls to admit at now.
func (r *ramp) share(now time.Duration) Ratio {
	elapsed := now - r.began
	if elapsed >= r.length {
		r.over.Store(true)
		return hundredPercent
	}
	return Ratio(float64(elapsed) / float64(r.length) * float64(hundredPercent))
}

// refuses reports whether a call at now must not be admitted, and if so counts it. A
// call that it does not refuse must still be counted by admit.
func (r *ramp) refuses(now time.Duration) bool {
	share := int64(r.share(now))
	if r.credit.Load()+share >= int64(hundredPercent) {
		return false
	}
	r.credit.Add(share)
	return true
}

// admit counts a call and reports whether it is admitted.
func (r *ramp) admit(now time.Duration) bool {
	share := int64(r.share(now))
	for {
		credit := r.credit.Load()
		left := credit + share
		admitted := left >= int64(hundredPercent)
		if admitted {
			left -= int64(hundredPercent)
		}
		if r.credit.CompareAndSwap(credit, left) {
			return admitted
		}
	}
}

// retryAfter is half of the time that the ramp still takes. By then at least half
// of the calls are admitted, and those that were refused at different times do not
// come back together.
func (r *ramp) retryAfter(now time.Duration) time.Duration {
	return (r.began + r.length - now + 1) / 2
}
