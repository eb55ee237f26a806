package resil

import (
	"context"
	"time"
)

// A lightness says how the first attempts of a method's calls are made. A method is light if
// no policy goes by how long its calls take, nothing surrounds their attempts, and one guard
// at most may have them wait. They are made here then, without what the engine keeps for
// further ones; the engine takes over where one fails.
type lightness = uint32

const (
	light      lightness = 1 << iota
	lightTold            // somebody is told of them
	lightTimed           // there are timeouts, so that the caller's deadline must be nearer

	heavy lightness = 0
)

// lightness returns that of p under t.
func (p *plan) lightness(t *terms) lightness {
	if p.around != nil || p.faults != nil || p.outlives || t.slow > 0 || t.watched.total > 0 || t.watched.attempt > 0 ||
		t.hedge.Delay > 0 || p.limits != nil && p.bulkheads != nil {
		return heavy
	}
	how := light
	if p.watches() {
		how |= lightTold
	}
	if t.timeout.Total > 0 || t.timeout.Attempt > 0 {
		how |= lightTimed
	}
	return how
}

// watches reports whether somebody wants to know how long all calls and attempts take.
func (p *plan) watches() bool { return p.events != nil || p.took != nil }

// A pass is what is known of the first attempt of a call that passes lets through.
type pass struct {
	began    time.Duration // by client.now; notTimed if nobody has to know
	took     time.Duration // until f returned, if it is measured
	watched  bool          // somebody is told of it
	sample   bool          // the breaker wants to know how long it takes
	measured bool          // one of them does
	refusal  *Error        // of an open breaker, which ends the call
}

// passes reports whether the first attempt may be made at once and without the
// engine, and if so takes what it needs. What the attempt leaves to do is settle's.
func (m *Method) passes(ctx context.Context, p *pass) bool {
	how := m.light.Load()
	if how == heavy || ctx.Err() != nil {
		return false
	}
	if how&lightTimed != 0 && !m.terms.Load().timeout.isBeyond(ctx) {
		return false
	}
	p.watched = how&lightTold != 0
	p.measured = p.watched
	timed := p.watched
	if m.breaker != nil {
		if !m.breaker.isCalm() {
			if !p.watched {
				p.refusal = m.refusal(ctx)
			}
			return false
		}
		// A breaker must know how long a call took that its caller may end, and now and
		// then how long one took that succeeded.
		p.sample = isSample(m.counts.atOnce.Load())
		p.measured = p.watched || p.sample
		timed = p.measured || ctx.Done() != nil
	}
	p.began = notTimed
	switch {
	case m.limiter != nil:
		now, ok := m.limiter.allow()
		if timed {
			p.began = now
		}
		return ok
	case m.bulkhead != nil && !m.bulkhead.enter():
		return false
	}
	if timed {
		p.began = m.client.now()
	}
	return true
}

// refusal returns what a call gets whose first attempt the breaker refuses, which it counts;
// nil if the breaker does not refuse it.
func (m *Method) refusal(ctx context.Context) *Error {
	by := m.breaker.refusing()
	if by == nil || m.waives(ctx, &m.breaker.pool.seat) {
		return nil
	}
	m.counts.outcomes[OutcomeOpen].Add(1)
	m.entry.unpin()
	return by.refusal(m)
}

// isBeyond reports whether neither timeout ends before ctx's deadline.
func (t *Timeout) isBeyond(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	if !ok {
		return false
	}
	left := time.Until(deadline)
	return (t.Total == 0 || left <= t.Total) && (t.Attempt == 0 || left <= t.Attempt)
}

// isCalm reports whether the breaker lets every call pass and counts it.
func (c *CircuitBreaker) isCalm() bool {
	p := c.phase.Load()
	return p.state == StateClosed && p.ramp == nil
}

// lightly makes the first attempt of a call that passes let through. It returns nil if
// the attempt succeeded, and otherwise the call for the engine to go on with.
func (m *Method) lightly(ctx context.Context, f func(context.Context) error, p *pass) (failed *call) {
	outcome := OutcomePanicked
	defer func() { m.settle(ctx, p, outcome) }()
	if p.watched && m.seen != nil {
		m.seen.enter(p.began)
	}
	if m.breaker == nil {
		err := f(ctx)
		if p.measured {
			p.took = m.client.now() - p.began
		}
		if err != nil {
			failed = m.failed(ctx, err, p)
		}
	} else if m.breaker.execute(ctx, func() (struct{}, error) {
		err := f(ctx)
		if p.measured {
			p.took = m.client.now() - p.began
		}
		if err == nil {
			return struct{}{}, nil
		}
		failed = m.failed(ctx, err, p)
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

// begun returns a call of m that has made its first attempt and has not gone on.
func (m *Method) begun(ctx context.Context, p *pass) *call {
	c := &call{method: m, terms: m.terms.Load(), caller: ctx, attempts: 1, rounds: 1, outcome: OutcomePanicked}
	if p.began != notTimed {
		c.clock.note(p.began)
		c.clock.waited()
	}
	return c
}

// failed returns a call of m whose first attempt has failed with err.
func (m *Method) failed(ctx context.Context, err error, p *pass) *call {
	c := m.begun(ctx, p)
	if p.measured {
		c.clock.note(p.began + p.took)
	}
	results, err := unwrapVerdict(err)
	c.classify(ctx, ctx, false, p.began, results, err)
	c.attempted(p.sample, p.took)
	return c
}

// settle gives back what passes took, and books a call that has ended.
func (m *Method) settle(ctx context.Context, p *pass, outcome Outcome) {
	if m.bulkhead != nil {
		m.bulkhead.leave()
	}
	if p.watched && m.seen != nil {
		m.seen.leave()
	}
	switch outcome {
	case OutcomeSucceeded:
		if m.breaker != nil {
			m.answers(p.sample, p.took)
		}
		m.counts.succeed(m)
		m.entry.unpin()
		if p.watched {
			m.tellAtOnce(ctx, p.took)
		}
	case OutcomePanicked:
		m.begun(ctx, p).end(nil)
	}
}

// tellAtOnce tells those who watch of a call that succeeded at its first attempt.
func (m *Method) tellAtOnce(ctx context.Context, took time.Duration) {
	if m.took != nil {
		m.took.atOnce.add(took)
	}
	if m.events != nil {
		e := Event{Kind: EventAttemptEnded, Attempt: 1, Class: Success, Elapsed: took}
		m.event(ctx, &e)
		e.Kind, e.Class, e.Outcome = EventCallEnded, Undecided, OutcomeSucceeded
		m.event(ctx, &e)
	}
}
