package resil

import (
	"context"
	"slices"
	"sync"
	"time"
)

// An openPhase is what a phase that is open or forced keeps. It stands apart to
// save memory: of a million keys nearly all are closed.
type openPhase struct {
	before    *phase // forced for a time, or suspected: what goes on then; nil otherwise
	suspected bool   // half-open at once, because other processes have opened
	counted   bool   // among the openings; guarded by the pool's mu
	why       *Opening
	length    time.Duration // of the open time, before jitter and hint
	since     time.Time     // as BreakerStats has it; zero until the phase begins
	until     time.Duration // when probing may begin, or a forced state ends, by client.now
	refusals  refusals
	probing   bool // a probe has been let out; guarded by the pool's mu
	mu        sync.Mutex
	probes    []*probe // that are out
	passed    int      // probes that succeeded
	done      bool     // enough of them did
}

// A probe is a call let through half-open.
type probe struct{ started time.Duration }

// probe runs call as a probe of p if there is room for one.
func (c *CircuitBreaker) probe(ctx context.Context, p *phase, call func() (struct{}, error)) (admitted bool) {
	own := p.admitProbe(c.pool.client.now())
	if own == nil {
		return false
	}
	var signal error = signalNone // a panic and runtime.Goexit leave it so
	defer func() { c.report(ctx, p, own, signal) }()
	c.halfOpen(ctx, p)
	_, signal = call()
	return true
}

// admitProbe lets a probe out. It returns nil if it is too early or enough are out. A probe
// that has been out for longer than the policy's open time is written off: its
// place is free and its result does not count.
func (p *phase) admitProbe(now time.Duration) *probe {
	if now < p.until {
		return nil
	}
	policy := p.breaker.pool.policy.Load()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes = slices.DeleteFunc(p.probes, func(o *probe) bool { return now-o.started > policy.Open })
	if p.done || p.passed+len(p.probes) >= p.wanted(policy) {
		return nil
	}
	own := &probe{started: now}
	p.probes = append(p.probes, own)
	return own
}

// wanted is how many probes may be out or have passed: those of the policy, or one more
// than have passed, where the policy's number has been lowered below that. The caller
// holds p.mu.
func (p *phase) wanted(policy *breakerTerms) int { return max(policy.Probes, p.passed+1) }

// full reports whether admitProbe would find no room for a probe.
func (p *phase) full(now time.Duration) bool { return p.roomAfter(now) > 0 }

// roomAfter is the time after which there is room for a probe at the latest: when
// the oldest that is out is written off. It is 0 if there is room.
func (p *phase) roomAfter(now time.Duration) (wait time.Duration) {
	policy := p.breaker.pool.policy.Load()
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.passed
	for _, o := range p.probes {
		left := o.started + policy.Open - now
		if left < 0 {
			continue
		}
		if left++; wait == 0 || left < wait { // it is written off when its time has passed
			wait = left
		}
		taken++
	}
	if taken < p.wanted(policy) {
		return 0
	}
	return wait
}

// report ends a probe and acts on its signal. A probe that was written off changes
// nothing.
func (c *CircuitBreaker) report(ctx context.Context, p *phase, own *probe, signal error) {
	p.mu.Lock()
	i := slices.Index(p.probes, own)
	if i < 0 {
		p.mu.Unlock()
		return
	}
	p.probes = slices.Delete(p.probes, i, i+1)
	if signal == nil {
		p.passed++
	}
	passed := p.passed
	enough := signal == nil && passed >= c.pool.policy.Load().Probes
	p.done = p.done || enough
	p.mu.Unlock()

	why := Opening{Successes: uint64(passed)}
	hint, throttled := signal.(signalThrottled)
	switch {
	case enough:
		c.change(ctx, p, c.closedAgain(p), StateHalfOpen)
	case signal == signalFailure, signal == signalSlow:
		why.Rule, why.Failures, why.Streak = RuleProbe, 1, 1
		c.open(ctx, p, StateHalfOpen, &why, 0)
	case throttled:
		why.Rule = RuleThrottled
		c.open(ctx, p, StateHalfOpen, &why, time.Duration(hint))
	}
}

// openTime is how long the open time after p is to be, before jitter and hint:
// that of the policy, or twice as long as that of p, up to the policy's limit, if
// p was open.
func (p *phase) openTime(policy *Breaker) time.Duration {
	if p.state == StateClosed || policy.OpenMax == 0 {
		return policy.Open
	}
	if p.length > policy.OpenMax/2 {
		return policy.OpenMax
	}
	return max(2*p.length, policy.Open)
}

// jittered is an open time of a length, 10 % more or less, so that breakers which
// opened together do not probe together. It is at least as long as the callee's
// hint and up to 10 % more, as far as the hint can be believed.
func jittered(length, hint time.Duration, policy *Breaker) time.Duration {
	believed := policy.OpenMax
	if believed == 0 {
		believed = 10 * min(policy.Open, longest)
	}
	length, hint = min(length, longest), min(hint, believed, longest)
	return max(between(length-length/10, length+length/10), min(between(hint, hint+hint/10), believed))
}

// longest is the longest open time: much more, added to a clock, overflows.
const longest = 1 << 59 * time.Nanosecond // 18 years

// halfOpen tells, once, that phase p has begun to probe.
func (c *CircuitBreaker) halfOpen(ctx context.Context, p *phase) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if !p.probing && c.phase.Load() == p {
		p.probing = true
		c.pool.client.events.add(ctx, Event{Kind: EventStateChanged, Client: c.pool.client.name, Breaker: c.pool.name, Key: c.key(), From: StateOpen, To: StateHalfOpen, Mode: Mode(c.pool.mode.Load())})
	}
}
