package resil

import "context"

// A method is light if nothing looks at its calls but its guards and counters, and
// no timeout limits them. The first attempt of its calls is made here, without what
// the engine keeps for further ones; the engine takes over where it fails.

// isLight reports whether m is light.
func (m *Method) isLight() bool {
	t := m.terms.Load()
	return m.entry == nil && !t.timed && m.around == nil && m.faults == nil && !m.outlives && t.timeout == (Timeout{}) && t.hedge.Delay == 0 &&
		(m.limiter == nil || m.bulkhead == nil)
}

// passes reports whether the first attempt may be made at once and without the
// engine, and if so takes what it needs. What the attempt leaves to do is settle's.
func (m *Method) passes(ctx context.Context) bool {
	if !m.light.Load() || ctx.Err() != nil {
		return false
	}
	// A breaker must know how long a call took that its caller may end, now and
	// then how long one took that succeeded, and that one did after others were cut off.
	if m.breaker != nil && (ctx.Done() != nil || isSample(m.counts.atOnce.Load()) || m.cut.Load() != 0 || !m.breaker.isCalm()) {
		return false
	}
	switch {
	case m.limiter != nil:
		_, ok := m.limiter.allow()
		return ok
	case m.bulkhead != nil:
		return m.bulkhead.enter()
	}
	return true
}

// isCalm reports whether the breaker lets every call pass and counts it.
func (c *CircuitBreaker) isCalm() bool {
	p := c.phase.Load()
	return p.state == StateClosed && p.ramp == nil
}

// lightly makes the first attempt of a call that passes let through. It returns nil if
// the attempt succeeded, and otherwise the call for the engine to go on with.
func (m *Method) lightly(ctx context.Context, f func(context.Context) error) (failed *call) {
	outcome := OutcomePanicked
	defer func() { m.settle(outcome) }()
	if m.breaker == nil {
		if err := f(ctx); err != nil {
			failed = m.failed(ctx, err)
		}
	} else if m.breaker.execute(ctx, func() (struct{}, error) {
		err := f(ctx)
		if err == nil {
			return struct{}{}, nil
		}
		failed = m.failed(ctx, err)
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

// failed returns a call of m whose first attempt has failed with err.
func (m *Method) failed(ctx context.Context, err error) *call {
	c := &call{method: m, terms: m.terms.Load(), caller: ctx, attempts: 1, rounds: 1, outcome: OutcomePanicked}
	results, err := unwrapVerdict(err)
	c.classify(ctx, ctx, false, notTimed, results, err)
	return c
}

// settle gives back what passes took, and books a call that has ended.
func (m *Method) settle(outcome Outcome) {
	if m.bulkhead != nil {
		m.bulkhead.leave()
	}
	switch outcome {
	case OutcomeSucceeded:
		m.counts.succeed(m)
	case OutcomePanicked:
		m.counts.add(&call{method: m, attempts: 1, rounds: 1, outcome: OutcomePanicked})
	}
}
