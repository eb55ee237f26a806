package resil

import "context"

// A method is light if at most a limiter or a bulkhead stands before its attempts and
// nothing looks at them but its counters. The first attempt of its calls is made here,
// without what a call has to keep for the others; the engine takes over where it
// fails.

// isLight reports whether m is light.
func (m *Method) isLight() bool {
	return m.breaker == nil && (m.limiter == nil || m.bulkhead == nil) && m.entry == nil && m.events == nil &&
		m.timeout == (Timeout{}) && m.hedge.Delay == 0
}

// passes reports whether the first attempt may be made at once, and if so takes what
// it needs. What is left of it to do is settle's.
func (m *Method) passes(ctx context.Context) bool {
	switch {
	case !m.light || ctx.Err() != nil:
		return false
	case m.limiter != nil:
		return m.limiter.allow()
	case m.bulkhead != nil:
		return m.bulkhead.enter()
	}
	return true
}

// settle keeps the books of a first attempt that passes let through, whichever way it
// ended: err says how if it returned.
func (m *Method) settle(returned bool, err error) {
	if m.bulkhead != nil {
		m.bulkhead.leave()
	}
	switch {
	case !returned:
		m.counts.add(&call{method: m, attempts: 1, rounds: 1, outcome: OutcomePanicked})
	case err == nil:
		m.counts.succeed(m)
	}
}
