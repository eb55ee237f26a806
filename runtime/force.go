package resil

import (
	"context"
	"time"
)

// ForceOpen refuses every call until Reset.
func (c *CircuitBreaker) ForceOpen() { c.force((*CircuitBreaker).forcedOpen, 0) }

// ForceOpenFor refuses every call for a time. Then the circuit goes on where it was: a
// closed one with its window, and an open one with its open time, less what has passed
// of both. Where the state was forced for a time already, the new time counts alone; Reset
// and the other methods that force a state end it early. A time of 0 or less changes
// nothing.
func (c *CircuitBreaker) ForceOpenFor(d time.Duration) {
	if d > 0 {
		c.force((*CircuitBreaker).forcedOpen, d)
	}
}

// ForceClose lets every call pass, uncounted, until Reset.
func (c *CircuitBreaker) ForceClose() { c.force((*CircuitBreaker).forcedClosed, 0) }

// ForceCloseFor lets every call pass, uncounted, for a time, after which the circuit goes
// on where it was, as with ForceOpenFor.
func (c *CircuitBreaker) ForceCloseFor(d time.Duration) {
	if d > 0 {
		c.force((*CircuitBreaker).forcedClosed, d)
	}
}

// Reset closes the circuit and forgets what it has seen. Only Reset ends what
// ForceOpen and ForceClose began.
func (c *CircuitBreaker) Reset() {
	c.force(func(c *CircuitBreaker) *phase { return c.closed(nil) }, 0)
}

func (c *CircuitBreaker) forcedOpen() *phase {
	to := c.refusingPhase(StateForcedOpen, 0)
	to.why = &Opening{Rule: RuleForced}
	return to
}

func (c *CircuitBreaker) forcedClosed() *phase {
	return &phase{breaker: c, state: StateForcedClosed, openPhase: new(openPhase)}
}

// force gives the circuit another phase, for a time if d is not 0. The key of c may have
// lost its place: then it is the circuit that the key has now. It keeps its place until
// that is done, and a forced circuit is never idle.
func (c *CircuitBreaker) force(to func(*CircuitBreaker) *phase, d time.Duration) {
	if c.entry != nil {
		c, _ = c.pool.lookup(c.key(), lookupPinned)
		defer c.entry.unpin()
	}
	c.enforce(to, d)
}

// enforce is force for a circuit that keeps its place.
func (c *CircuitBreaker) enforce(to func(*CircuitBreaker) *phase, d time.Duration) {
	own := to(c)
	for {
		now, p := c.pool.client.now(), c.phase.Load()
		if d > 0 {
			own.until, own.before = later(now, d), p
			if p.isTimed() {
				own.before = p.before
			}
			if own.why != nil {
				own.why.Open = d
			}
		}
		if c.change(context.Background(), p, own, p.stateAt(now)) {
			break
		}
	}
	if d > 0 {
		time.AfterFunc(d, func() { c.change(context.Background(), own, own.before, own.state) })
	}
}

// isTimed reports whether the phase is forced for a time.
func (p *phase) isTimed() bool {
	return (p.state == StateForcedOpen || p.state == StateForcedClosed) && p.before != nil
}
