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
	probing  bool // a probe has been let out; guarded by the group's mu
	mu       sync.Mutex
	probes   []*probe // that are out
	passed   int      // probes that succeeded
}

// A probe is a call let through half-open.
type probe struct{ started time.Duration }

// probe runs call as a probe of p if there is room for one.
func (c *Circuit) probe(ctx context.Context, p *phase, call func() (struct{}, error)) (admitted bool) {
	own := p.admit(c.group.client.now())
	if own == nil {
		return false
	}
	var vote error = votedNothing // a panic and runtime.Goexit leave it so
	defer func() { c.report(ctx, p, own, vote) }()
	c.halfOpen(ctx, p)
	_, vote = call()
	return true
}

// admit lets a probe out, nil if it is too early or enough are out. A probe that
// has been out for longer than the open time is written off: its place is free
// and its result has no vote.
func (p *phase) admit(now time.Duration) *probe {
	if now < p.until {
		return nil
	}
	policy := &p.circuit.group.policy
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
	policy := &p.circuit.group.policy
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

// report takes a probe back and acts on its vote.
func (c *Circuit) report(ctx context.Context, p *phase, own *probe, vote error) {
	p.mu.Lock()
	i := slices.Index(p.probes, own)
	if i < 0 {
		p.mu.Unlock()
		return
	}
	p.probes = slices.Delete(p.probes, i, i+1)
	if vote == nil {
		p.passed++
	}
	passed := p.passed
	p.mu.Unlock()

	hint, throttled := vote.(votedThrottled)
	switch {
	case vote == nil && passed >= c.group.policy.Probes:
		c.change(ctx, p, c.closed(), StateHalfOpen)
	case vote == votedFailure:
		c.open(ctx, p, StateHalfOpen, 0)
	case throttled:
		c.open(ctx, p, StateHalfOpen, time.Duration(hint))
	}
}

// halfOpen tells, once, that phase p has begun to probe.
func (c *Circuit) halfOpen(ctx context.Context, p *phase) {
	c.group.mu.Lock()
	if !p.probing && c.phase.Load() == p {
		p.probing = true
		c.group.client.events.add(ctx, Event{Kind: StateChanged, Client: c.group.client.name, Breaker: c.group.name, Key: c.key(), From: StateOpen, To: StateHalfOpen})
	}
	c.group.mu.Unlock()
	c.group.client.events.deliver()
}
