package resil

import (
	"context"
	"time"
)

// A method is light if no policy goes by how long its calls take, nothing surrounds their
// attempts, and one guard at most may have them wait. The first attempt of its calls is made
// here, without what the engine keeps for further ones; the engine takes over where it fails.

// isLight reports whether p is light under t.
func (p *plan) isLight(t *terms) bool {
	return p.around == nil && p.faults == nil && !p.outlives &&
		t.timeout == (Timeout{}) && t.slow == 0 && t.watched.total == 0 && t.watched.attempt == 0 &&
		t.hedge.Delay == 0 && (p.limits == nil || p.bulkheads == nil)
}

// watches reports whether somebody wants to know how long all calls and attempts take.
func (p *plan) watches() bool { return p.events != nil || p.took != nil }

// A pass is what is known of the first attempt of a call that passes lets through.
type pass struct {
	began    time.Duration // by client.now; notTimed if nobody has to know
	measured bool          // somebody wants to know how long it takes
	sample   bool          // the breaker does
}

// passes reports whether the first attempt may be made at once and without the
// engine, and if so takes what it needs. What the attempt leaves to do is settle's.
func (m *Method) passes(ctx context.Context) (p pass, ok bool) {
	if !m.light.Load() || ctx.Err() != nil || m.breaker != nil && !m.breaker.isCalm() {
		return pass{}, false
	}
	p = pass{began: notTimed, measured: m.watches()}
	timed := p.measured
	if m.breaker != nil {
		// A breaker must know how long a call took that its caller may end, and now and
		// then how long one took that succeeded.
		p.sample = isSample(m.counts.atOnce.Load())
		p.measured = p.measured || p.sample
		timed = p.measured || ctx.Done() != nil
	}
	switch {
	case m.limiter != nil:
		now, ok := m.limiter.allow()
		if !ok {
			return pass{}, false
		}
		if timed {
			p.began = now
		}
		return p, true
	case m.bulkhead != nil && !m.bulkhead.enter():
		return pass{}, false
	}
	if timed {
		p.began = m.client.now()
	}
	return p, true
}

// isCalm reports whether the breaker lets every call pass and counts it.
func (c *CircuitBreaker) isCalm() bool {
	p := c.phase.Load()
	return p.state == StateClosed && p.ramp == nil
}

// lightly makes the first attempt of a call that passes let through. It returns nil if
// the attempt succeeded, and otherwise the call for the engine to go on with.
func (m *Method) lightly(ctx context.Context, f func(context.Context) error, p pass) (failed *call) {
	outcome := OutcomePanicked
	var took time.Duration
	defer func() { m.settle(ctx, p, took, outcome) }()
	if m.seen != nil {
		m.seen.enter(p.began)
	}
	if m.breaker == nil {
		err := f(ctx)
		if p.measured {
			took = m.client.now() - p.began
		}
		if err != nil {
			failed = m.failed(ctx, err, p, took)
		}
	} else if m.breaker.execute(ctx, func() (struct{}, error) {
		err := f(ctx)
		if p.measured {
			took = m.client.now() - p.began
		}
		if err == nil {
			return struct{}{}, nil
		}
		failed = m.failed(ctx, err, p, took)
		if failed.signal != nil {
			m.breaker.note(failed)
		}
		return struct{}{}, failed.signal
	}) != nil {
		failed = &call{method: m, terms: m.terms.Load(), caller: ctx, outcome: OutcomePanicked} // it has opened meanwhile
	}
	if outcome = OutcomeFailed; failed == nil {
		outcome = OutcomeSucceeded
	}
	return failed
}

// first returns a call of m that has made its first attempt and has not gone on.
func (m *Method) first(ctx context.Context, p pass) *call {
	c := &call{method: m, terms: m.terms.Load(), caller: ctx, attempts: 1, rounds: 1, outcome: OutcomePanicked}
	if p.began != notTimed {
		c.clock.note(p.began)
		c.clock.waited()
	}
	return c
}

// failed returns a call of m whose first attempt has failed with err after took.
func (m *Method) failed(ctx context.Context, err error, p pass, took time.Duration) *call {
	c := m.first(ctx, p)
	if p.measured {
		c.clock.note(p.began + took)
	}
	results, err := unwrapVerdict(err)
	c.classify(ctx, ctx, false, p.began, results, err)
	c.attempted(p.sample, took)
	return c
}

// settle gives back what passes took, and books a call that has ended.
func (m *Method) settle(ctx context.Context, p pass, took time.Duration, outcome Outcome) {
	if m.bulkhead != nil {
		m.bulkhead.leave()
	}
	if m.seen != nil {
		m.seen.leave()
	}
	switch outcome {
	case OutcomeSucceeded:
		m.answers(p.sample, took)
		m.counts.succeed(m)
		m.entry.unpin()
		if m.took != nil {
			m.took.atOnce.add(took)
		}
		if m.events != nil {
			m.tellAtOnce(ctx, took)
		}
	case OutcomePanicked:
		m.first(ctx, p).end(nil)
	}
}

// tellAtOnce tells the observers of a call that succeeded at its first attempt.
func (m *Method) tellAtOnce(ctx context.Context, took time.Duration) {
	m.event(ctx, &Event{Kind: EventAttemptEnded, Attempt: 1, Class: Success, Elapsed: took})
	m.event(ctx, &Event{Kind: EventCallEnded, Attempt: 1, Outcome: OutcomeSucceeded, Elapsed: took})
}
