package resil

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An opening is what a phase that refuses calls keeps: apart, because of a
// million keys nearly all are closed.
type opening struct {
	until    time.Duration // when probing may begin, by client.now
	refusals []atomic.Pointer[Error]
	probing  bool // a probe has been let out; guarded by the pool's mu
	mu       sync.Mutex
	probes   []*probe // that are out
	passed   int      // probes that succeeded
}

// A probe is a call let through half-open.
type probe struct{ started time.Duration }

// probe runs call as a probe of p if there is room for one.
func (c *CircuitBreaker) probe(ctx context.Context, p *phase, call func() (struct{}, error)) (admitted bool) {
	own := p.admit(c.pool.client.now())
	if own == nil {
		return false
	}
	var signal error = signalNone // a panic and runtime.Goexit leave it so
	defer func() { c.report(ctx, p, own, signal) }()
	c.halfOpen(ctx, p)
	_, signal = call()
	return true
}

// admit lets a probe out, nil if it is too early or enough are out. A probe that
// has been out for longer than the open time is written off: its place is free
// and its result does not count.
func (p *phase) admit(now time.Duration) *probe {
	if now < p.until {
		return nil
	}
	policy := &p.breaker.pool.policy
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes = slices.DeleteFunc(p.probes, func(o *probe) bool { return now-o.started > policy.Open })
	if p.passed+len(p.probes) >= policy.Probes {
		return nil
	}
	own := &probe{started: now}
	p.probes = append(p.probes, own)
	return own
}

// full reports whether admit would find no room for a probe.
func (p *phase) full(now time.Duration) bool {
	policy := &p.breaker.pool.policy
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.passed
	for _, o := range p.probes {
		if now-o.started <= policy.Open {
			out++
		}
	}
	return out >= policy.Probes
}

// report takes a probe back and acts on its signal.
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
	p.mu.Unlock()

	hint, throttled := signal.(signalThrottled)
	switch {
	case signal == nil && passed >= c.pool.policy.Probes:
		c.change(ctx, p, c.closed(), StateHalfOpen)
	case signal == signalFailure:
		c.open(ctx, p, StateHalfOpen, 0)
	case throttled:
		c.open(ctx, p, StateHalfOpen, time.Duration(hint))
	}
}

// halfOpen tells, once, that phase p has begun to probe.
func (c *CircuitBreaker) halfOpen(ctx context.Context, p *phase) {
	c.pool.mu.Lock()
	if !p.probing && c.phase.Load() == p {
		p.probing = true
		c.pool.client.events.add(ctx, Event{Kind: EventStateChanged, Client: c.pool.client.name, Breaker: c.pool.name, Key: c.key(), From: StateOpen, To: StateHalfOpen})
	}
	c.pool.mu.Unlock()
	c.pool.client.events.deliver()
}
