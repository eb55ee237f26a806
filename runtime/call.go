package resil

import (
	"context"
	"time"
)

// Call runs f under m's policies and returns its last results: those of the
// attempt that succeeded or, with an error, those of the last one. f is called
// for each attempt, on the caller's goroutine, with the context that the attempt
// must obey.
//
// The order, outermost first, is
//
//	total timeout → retry → [ each attempt:
//	    is the context alive? → does the breaker refuse? → bulkhead → limiter →
//	    breaker admission → attempt timeout → f ]
//
// Every attempt takes a token, because every attempt reaches the callee; one
// that an open breaker refuses takes none.
func Call[T any](ctx context.Context, m *Method, f func(context.Context) (T, error)) (T, error) {
	var value T
	err := m.run(ctx, func(ctx context.Context) (err error) {
		value, err = f(ctx)
		return err
	}, nil)
	return value, err
}

// Run is [Call] for functions that return nothing but an error, or that leave
// their results in variables.
func Run(ctx context.Context, m *Method, f func(context.Context) error) error {
	return m.run(ctx, f, nil)
}

// A call is what is known of one while it runs. It lives on its caller's stack.
type call struct {
	method   *Method
	caller   context.Context // as it came, without our timeouts
	attempts int             // that reached the callee
	rounds   int             // attempts without those that were hedges
	last     attempt         // the last one that reached the callee and failed
	outcome  Outcome
	started  time.Duration // where somebody observes
}

// run makes the call: its attempts and the pauses between them. Where r is not
// nil, each attempt is a race of r's, and f is not used: that keeps f from
// escaping to the heap.
func (m *Method) run(ctx context.Context, f func(context.Context) error, r *race) (err error) {
	c := call{method: m, caller: ctx, outcome: OutcomePanicked}
	defer func() { c.end(err) }()
	if m.client.events != nil {
		c.started = m.client.now()
	}
	ctx, cancel := m.within(ctx, m.timeout.Total, m.totalCause)
	if cancel != nil {
		defer cancel()
	}
	for delay := time.Duration(0); ; {
		var a attempt
		before := c.attempts
		c.rounds++ // now, for the books of a panic
		if r == nil {
			a = c.attempt(ctx, f)
		} else {
			a = c.race(ctx, r)
		}
		if c.attempts == before {
			c.rounds--
		}
		if !a.retry {
			c.outcome = a.outcome
			if a.timedOut {
				return &Error{Method: m.fullName, Reason: ErrTimeout, Attempts: c.attempts, Err: a.err}
			}
			return a.err
		}
		c.last = a
		delay = m.retry.delay(c.rounds, delay)
		if reason := c.pause(ctx, delay); reason != nil {
			return c.stop(reason, nil)
		}
	}
}

// pause waits for at least delay before another attempt, or returns the reason
// for which there will be none.
func (c *call) pause(ctx context.Context, delay time.Duration) (reason error) {
	m := c.method
	if c.rounds >= m.retry.Attempts {
		return ErrExhausted
	}
	hint := hintOf(c.last.err)
	delay = max(delay, min(hint, m.retry.Max))
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= max(delay, hint) {
		return ErrDeadline
	}
	if !m.spend() {
		return ErrBudget
	}
	if m.client.events != nil {
		m.event(c.caller, Event{Kind: RetryScheduled, Attempt: c.attempts + 1, Class: c.last.class, Err: c.last.err, Delay: delay})
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop ends the call for a reason that is not the callee's. shared is the error
// to return when the callee was never called; a call that its own context ended
// before that gets the context's error as it is.
func (c *call) stop(reason error, shared *Error) error {
	c.outcome = outcomeOf(reason)
	if c.attempts == 0 {
		if shared != nil {
			return shared
		}
		return reason
	}
	if reason == context.DeadlineExceeded {
		reason = ErrDeadline
	}
	err := &Error{Method: c.method.fullName, Reason: reason, Attempts: c.attempts, Err: c.last.err, timedOut: c.last.timedOut}
	if shared != nil {
		err.after = shared.after
	}
	return err
}

// within returns ctx with a deadline of its own. Where there is no limit, or
// ctx's deadline is nearer anyway, it returns ctx itself and no cancel.
func (m *Method) within(ctx context.Context, limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, nil
	}
	deadline := time.Now().Add(limit)
	if nearer, ok := ctx.Deadline(); ok && !nearer.After(deadline) {
		return ctx, nil
	}
	return context.WithDeadlineCause(ctx, deadline, cause)
}

// end keeps the books, whichever way the call ended.
func (c *call) end(err error) {
	m := c.method
	m.counts.add(c)
	m.entry.unpin()
	if m.client.events != nil {
		m.event(c.caller, Event{Kind: CallEnded, Attempt: c.attempts, Outcome: c.outcome, Err: err, Elapsed: m.client.now() - c.started})
	}
}
