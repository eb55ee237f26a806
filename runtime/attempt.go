package resil

import (
	"context"
	"time"
)

// An attempt is what is known of the last one that reached the callee.
type attempt struct {
	err      error // the callee's own
	signal   error // what the breaker gets to see of it
	class    Class
	hint     time.Duration // how long the callee wants to be left alone; 0 if it did not say
	retry    bool          // another attempt may change it, and the call still lives
	timedOut bool          // one of the method's own timeouts ended it
	unsent   bool          // the callee has certainly not seen the request
	final    bool          // the callee must not be asked again
}

// try makes one attempt, past every guard. ctx is the caller's context under the
// total timeout. An error is why the callee was not called, and the call's end;
// otherwise c.attempt tells how it went.
func (c *call) try(ctx context.Context, f func(context.Context) error) error {
	m := c.method
	if err := ctx.Err(); err != nil {
		return c.stop(err)
	}
	c.shadow = 0
	breaker := m.breaker
	if breaker != nil {
		if p := breaker.refusing(); p != nil {
			if !c.waives(&breaker.pool.seat) {
				return c.refuse(OutcomeOpen, p.refusal(m))
			}
			c.shadow |= shadowOpen
			breaker = nil
		}
	}
	waited := false
	if b := m.bulkhead; b != nil {
		held, wait, err := c.enter(ctx, b)
		if err != nil {
			return err
		}
		if held {
			defer b.leave()
		}
		waited = wait
	}
	if l := m.limiter; l != nil && !l.allow() {
		switch {
		case c.waives(&l.pool.seat):
			c.shadow |= shadowLimit
		case l.await(ctx):
			waited = true
		default:
			return c.refuseAfterWait(ctx, OutcomeLimited, m.limitedError())
		}
	}
	if breaker == nil {
		c.invoke(ctx, f)
		return nil
	}
	if waited {
		if p := breaker.refusing(); p != nil && !c.waives(&breaker.pool.seat) {
			return c.refuse(OutcomeOpen, p.refusal(m))
		}
	}
	p := breaker.execute(ctx, func() (struct{}, error) {
		c.invoke(ctx, f)
		if c.signal == signalFailure || c.signal == signalLate {
			breaker.note(c)
		}
		return struct{}{}, c.signal
	})
	switch {
	case p == nil:
		return nil
	case c.waives(&breaker.pool.seat):
		c.shadow |= shadowOpen
		c.invoke(ctx, f)
		return nil
	}
	return c.refuse(OutcomeOpen, p.refusal(m))
}

// enter takes a place in the bulkhead, or goes without one.
func (c *call) enter(ctx context.Context, b *bulkhead) (held, waited bool, err error) {
	switch {
	case b.enter():
		return true, false, nil
	case c.waives(&b.pool.seat):
		c.shadow |= shadowFull
		return false, false, nil
	case b.await(ctx):
		return true, true, nil
	}
	return false, false, c.refuseAfterWait(ctx, OutcomeFull, c.method.full)
}

// waives reports whether a guard that would refuse lets the attempt pass.
func (c *call) waives(s *seat) bool {
	return s.scope.Mode == ModeObserve || bypassed(c.caller)
}

// refuseAfterWait refuses an attempt that waited in vain, or would have; the wait
// may have ended with ctx.
func (c *call) refuseAfterWait(ctx context.Context, outcome Outcome, shared *Error) error {
	if err := ctx.Err(); err != nil {
		return c.stop(err)
	}
	return c.refuse(outcome, shared)
}

// invoke calls f and classifies what comes back.
func (c *call) invoke(ctx context.Context, f func(context.Context) error) {
	m := c.method
	c.attempts++
	if c.shadow != 0 {
		m.counts.pass(c.shadow)
	}
	own := ctx
	if c.attempts > 1 {
		own = context.WithValue(own, repeatedKey{}, repeated{c.attempts})
	}
	if m.timeout.Attempt > 0 {
		var cancel context.CancelFunc
		if own, cancel = within(own, m.timeout.Attempt, m.attemptCause); cancel != nil {
			defer cancel()
		}
	}
	var started, elapsed time.Duration
	if m.timed {
		started = m.client.now()
	}
	c.outcome = OutcomePanicked // unless f returns
	resultClass, err := unwrapClass(f(own))
	if m.timed {
		elapsed = m.client.now() - started
	}
	if c.attempts > 1 {
		c.attempt = attempt{} // what the last one left
	}
	if err == nil && resultClass <= Success {
		c.class, c.outcome = Success, OutcomeSucceeded
	} else {
		c.classify(ctx, own, resultClass, err)
	}
	if c.class <= Application {
		if m.slow > 0 && elapsed > m.slow {
			c.signal = signalFailure
		}
	}
	if m.events != nil {
		m.event(c.caller, Event{Kind: EventAttemptEnded, Attempt: c.attempts, Class: c.class, Err: err, Elapsed: elapsed})
	}
}

// classify says what an attempt that was no success means. total is the context of
// the whole call and own that of the attempt. said is what its results say; err
// is nil where they alone do.
func (c *call) classify(total, own context.Context, resultClass Class, err error) {
	m := c.method
	c.err = err
	callerErr := c.caller.Err()
	// Whose deadline passed is told by its cause: the caller's may have followed.
	var cause error
	if err != nil && own.Err() == context.DeadlineExceeded {
		cause = context.Cause(own)
	}
	timedOut := cause != nil && (cause == m.attemptCause || cause == m.totalCause)
	switch {
	case callerErr == context.Canceled, callerErr == nil && own.Err() == context.Canceled:
		c.class = Canceled // by the caller, or by a race that another attempt has won
	case err == nil:
		c.class = resultClass
	case callerErr != nil || timedOut:
		// Whatever words the callee has for it, time ran out.
		if c.class = markOf(err); c.class == Undecided {
			c.class = Infrastructure
		}
	default:
		c.class = classOf(err, resultClass, m.classifiers)
	}
	m.counts.classes[c.class].Add(1)

	switch {
	case timedOut && c.class == Infrastructure:
		c.outcome, c.timedOut = OutcomeTimedOut, true
	case callerErr != nil:
		c.outcome = ended(callerErr)
	default:
		c.outcome = OutcomeFailed
	}
	c.hint = hintOf(err)
	c.retry = m.retries(c.verdict()) && total.Err() == nil && mayRepeat(c.caller)

	switch c.class {
	case Application:
	case Infrastructure, SystemFault:
		c.signal = signalFailure
		// A caller with no time left, or the rest of a total timeout that earlier
		// attempts used up, proves little.
		if callerErr != nil && !timedOut || c.attempts > 1 && cause != nil && cause == m.totalCause {
			c.signal = signalLate
		}
	case Throttled:
		c.signal = signalThrottled(c.hint)
	default:
		c.signal = signalNone
	}
}
