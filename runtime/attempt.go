package resil

import (
	"context"
	"time"
)

// An attempt is the result of one: of the callee, or of what kept it from being
// called.
type attempt struct {
	class    Class
	err      error   // the callee's own, or why it was not called
	outcome  Outcome // of the call, if this attempt is its last
	retry    bool    // the class is one to retry, and there may be time
	timedOut bool    // one of the method's own timeouts ended it
	vote     error   // what the circuit gets to see of it
}

// attempt makes one attempt, past every guard. ctx is the caller's context under
// the total timeout.
func (c *call) attempt(ctx context.Context, f func(context.Context) error) attempt {
	m := c.method
	if err := ctx.Err(); err != nil {
		return c.refuse(err, nil)
	}
	circuit := m.circuit
	if circuit != nil {
		if p := circuit.refusing(); p != nil {
			if !c.waives(&circuit.group.group) {
				return c.refuse(ErrOpen, p.refusal(m))
			}
			m.counts.wouldOpen.Add(1)
			circuit = nil
		}
	}
	waited := false
	if b := m.bulkhead; b != nil {
		switch {
		case b.enter():
			defer b.leave()
		case c.waives(&b.group.group):
			m.counts.wouldFull.Add(1)
		case b.await(ctx):
			defer b.leave()
			waited = true
		default:
			return c.refuseWaiting(ctx, ErrFull, m.full)
		}
	}
	if l := m.limiter; l != nil && !l.allow() {
		switch {
		case c.waives(&l.group.group):
			m.counts.wouldLimit.Add(1)
		case l.await(ctx):
			waited = true
		default:
			return c.refuseWaiting(ctx, ErrLimited, m.limitedError())
		}
	}
	if circuit == nil {
		return c.invoke(ctx, f)
	}
	if waited {
		if p := circuit.refusing(); p != nil && !c.waives(&circuit.group.group) {
			return c.refuse(ErrOpen, p.refusal(m))
		}
	}
	var a attempt
	p := circuit.execute(ctx, func() (struct{}, error) {
		a = c.invoke(ctx, f)
		return struct{}{}, a.vote
	})
	if p != nil {
		if !c.waives(&circuit.group.group) {
			return c.refuse(ErrOpen, p.refusal(m))
		}
		m.counts.wouldOpen.Add(1)
		return c.invoke(ctx, f)
	}
	return a
}

// waives reports whether a guard that would refuse lets the attempt pass.
func (c *call) waives(g *group) bool {
	return g.scope.Mode == Observe || bypassed(c.caller)
}

// refuseWaiting refuses an attempt that waited in vain, or would have; the wait
// may have ended with ctx.
func (c *call) refuseWaiting(ctx context.Context, reason error, shared *Error) attempt {
	if err := ctx.Err(); err != nil {
		return c.refuse(err, nil)
	}
	return c.refuse(reason, shared)
}

// refuse is an attempt that does not reach the callee, and so ends the call.
func (c *call) refuse(reason error, shared *Error) attempt {
	err := c.stop(reason, shared)
	return attempt{err: err, outcome: c.outcome}
}

// invoke calls f and judges what comes back.
func (c *call) invoke(ctx context.Context, f func(context.Context) error) attempt {
	m := c.method
	c.attempts++
	own := ctx
	if c.attempts > 1 {
		own = context.WithValue(own, repeatedKey{}, repeated{c.attempts})
	}
	own, cancel := m.within(own, m.timeout.Attempt, m.attemptCause)
	if cancel != nil {
		defer cancel()
	}
	slow := time.Duration(0)
	if m.circuit != nil {
		slow = m.circuit.group.policy.Slow
	}
	timed := slow > 0 || m.client.events != nil
	var started, elapsed time.Duration
	if timed {
		started = m.client.now()
	}
	err := f(own)
	if timed {
		elapsed = m.client.now() - started
	}
	a := attempt{class: Success, outcome: OutcomeSucceeded}
	if err != nil {
		a = c.judge(ctx, own, err)
	}
	if a.class <= Application {
		m.deposit()
		if slow > 0 && elapsed > slow {
			a.vote = votedFailure
		}
	}
	if m.circuit != nil && (a.vote == votedFailure || a.vote == votedLate) {
		m.circuit.last.Store(&failure{at: time.Now(), err: err})
	}
	if m.client.events != nil {
		m.event(c.caller, Event{Kind: AttemptEnded, Attempt: c.attempts, Class: a.class, Err: err, Elapsed: elapsed})
	}
	return a
}

// judge says what the error of an attempt means. total is the context of the
// whole call and own that of the attempt.
func (c *call) judge(total, own context.Context, err error) attempt {
	m := c.method
	a := attempt{err: err, outcome: OutcomeFailed}
	callerErr := c.caller.Err()
	timedOut := callerErr == nil && own.Err() == context.DeadlineExceeded
	switch {
	case callerErr == context.Canceled, callerErr == nil && own.Err() == context.Canceled:
		a.class = Canceled // by the caller, or by a race that another attempt has won
	case callerErr != nil || timedOut:
		// Whatever words the callee has for it, time ran out.
		if a.class = markOf(err); a.class == Undecided {
			a.class = Infrastructure
		}
	default:
		a.class = classOf(err, m.classifiers)
	}
	m.counts.classes[a.class].Add(1)

	switch {
	case callerErr != nil:
		a.outcome = outcomeOf(callerErr)
	case timedOut && a.class == Infrastructure:
		a.outcome, a.timedOut = OutcomeTimedOut, true
	}
	a.retry = m.retryable.has(a.class) && total.Err() == nil && mayRepeat(c.caller)

	switch a.class {
	case Application:
	case Infrastructure, SystemFault:
		a.vote = votedFailure
		// A caller with no time left, or the rest of a total timeout that earlier
		// attempts used up, proves little.
		if callerErr != nil || c.attempts > 1 && total.Err() != nil {
			a.vote = votedLate
		}
	case Throttled:
		a.vote = votedThrottled(hintOf(err))
	default:
		a.vote = votedNothing
	}
	return a
}
