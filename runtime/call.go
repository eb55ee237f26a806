package resil

import (
	"context"
	"math"
	"time"
)

// Call runs f under m's policies and returns its last results: those of the
// attempt that succeeded or, with an error, those of the last one. f is called
// for each attempt, on the caller's goroutine, with the context that the attempt
// must obey. The error is the callee's own or, where the runtime had a part in the
// failure, an [*Error]; a context that is done before the first attempt gives its own
// error. Call may be called concurrently.
//
// The order, outermost first, is
//
//	total timeout → retry → [ each attempt:
//	    is the context alive? → does the breaker refuse? → does a full bulkhead? →
//	    limiter → bulkhead → breaker admission → attempt timeout → f ]
//
// Every attempt takes a token, because every attempt reaches the callee; one
// that an open breaker or a full bulkhead refuses takes none. Nobody holds a place
// in the bulkhead while waiting for a token.
func Call[T any](ctx context.Context, m *Method, f func(context.Context) (T, error)) (T, error) {
	var value T
	err := m.run(ctx, func(ctx context.Context) (err error) {
		value, err = f(ctx)
		return err
	})
	if err != nil && m.isInjected(err) {
		value = *new(T) // not those of an earlier attempt
	}
	return value, err
}

// Run is [Call] for functions that return nothing but an error, or that leave
// their results in variables.
func Run(ctx context.Context, m *Method, f func(context.Context) error) error {
	return m.run(ctx, f)
}

// run makes a call, lightly if that will do.
func (m *Method) run(ctx context.Context, f func(context.Context) error) error {
	var failed *call
	var p pass
	if m.passes(ctx, &p) {
		if failed = m.lightly(ctx, f, &p); failed == nil {
			return nil
		}
	} else if p.refusal != nil {
		return p.refusal
	}
	return m.engine(ctx, f, nil, failed, m.terms.Load())
}

// A call is what is known of one while it runs. It lives on its caller's stack.
type call struct {
	method   *Method
	terms    *terms          // of the method, when the call began
	caller   context.Context // as it came, without our timeouts
	attempts int             // that reached the callee
	rounds   int             // attempts without those that were hedges
	counted  int             // attempts that are in the counters of classes
	attempt                  // the last of them
	outcome  Outcome
	shadow   shadow // guards that refuse the attempt under way and let it pass
	totalSet bool   // the total timeout ends before the caller's deadline
	clock    clock
	until    time.Duration // when the callee may be asked again, by client.now
	earlier  error         // of the last failed attempt that said more than that time ran out
	held     *lasting      // of the last attempt, where results outlive the call
	admitted *phase        // of the breaker before the attempt, likewise
	racing   bool          // the attempt is one of a race
	hedge    bool          // and not the first of it
	token    token         // of the budget, for the next attempt
	paid     int           // attempts when it was taken; 0 for none

	outlasted bool // a timeout that only observes would have ended it
}

// engine makes the call: its attempts and the pauses between them. Where r is not
// nil, each attempt is a race of r's, and f is not used: that keeps f from
// escaping to the heap. begun is a call whose first attempt was made lightly, if it
// has reached the callee; nil if there was none.
func (m *Method) engine(ctx context.Context, f func(context.Context) error, r *race, begun *call, t *terms) (err error) {
	c := call{method: m, terms: t, caller: ctx, outcome: OutcomePanicked}
	if begun != nil {
		c = *begun
	}
	returned := false
	defer func() {
		if !returned { // however far it came
			c.outcome = OutcomePanicked
		}
		c.end(err)
	}()
	if total := c.terms.timeout.Total; total > 0 {
		var cancel context.CancelFunc
		if ctx, cancel = within(ctx, total, c.terms.totalCause); cancel != nil {
			defer cancel()
			c.totalSet = true
		}
	}
	err = c.repeat(ctx, f, r)
	returned = true
	return err
}

// repeat makes attempts until one ends the call, and returns the call's error. The
// first may have been made already.
func (c *call) repeat(ctx context.Context, f func(context.Context) error, r *race) (err error) {
	made := c.attempts > 0
	for delay := time.Duration(0); ; {
		if !made {
			err = c.round(ctx, f, r)
		}
		made = false
		if err == nil {
			c.wouldRetry(ctx)
		}
		switch {
		case err != nil:
			return err
		case c.retry && c.terms.retry.Attempts > 1:
		case c.timedOut:
			c.note()
			return c.failure(ErrTimeout)
		case c.earlier != nil && c.outcome == OutcomeDeadline && onlyTime(c.err):
			return c.failure(ErrDeadline)
		case c.earlier != nil && c.outcome == OutcomeCanceled && onlyTime(c.err):
			return c.failure(context.Canceled)
		default:
			return c.err
		}
		c.note()
		var reason error
		if delay, reason = c.pause(ctx, delay); reason != nil {
			return c.stop(reason)
		}
	}
}

// round makes an attempt or, where r is not nil, a race of them.
func (c *call) round(ctx context.Context, f func(context.Context) error, r *race) (err error) {
	before := c.attempts
	c.rounds++ // now, so that a panic is counted right
	if r == nil {
		err = c.try(ctx, f)
	} else {
		err = c.race(ctx, r)
	}
	if c.attempts == before {
		c.rounds--
	}
	return err
}

// note keeps of a failed attempt what the call's error is to tell of it, however
// later ones end.
func (c *call) note() {
	if c.hint > 0 {
		c.until = later(c.method.client.now(), c.hint)
	}
	if c.tells() && (!c.timedOut || c.earlier == nil) {
		c.earlier = c.err
	}
}

// tells reports whether the attempt's error says more than that time ran out.
func (a *attempt) tells() bool { return a.err != nil && !onlyTime(a.err) }

// pause waits before another attempt, or returns the reason for which there will be
// none. It takes and returns the policy's own part of a delay, without what the
// callee asked for.
func (c *call) pause(ctx context.Context, prev time.Duration) (own time.Duration, reason error) {
	m := c.method
	if c.rounds >= c.terms.retry.Attempts {
		return 0, ErrExhausted
	}
	delay, own, reason := c.delay(ctx, prev)
	if reason != nil {
		return 0, reason
	}
	t, ok := m.spend(c.terms)
	if !ok {
		return 0, ErrBudget
	}
	c.token, c.paid = t, c.attempts
	if m.events != nil {
		m.event(c.caller, &Event{Kind: EventRetryScheduled, Attempt: c.attempts + 1, Class: c.class, Err: c.err, Delay: delay})
	}
	defer c.clock.waited()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return own, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// delay returns the pause before another attempt and the policy's own part of it, or the
// reason for which there can be none. prev is that part of the pause before.
func (c *call) delay(ctx context.Context, prev time.Duration) (delay, own time.Duration, reason error) {
	retry := &c.terms.retry
	left := time.Duration(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	if c.hint > retry.Max || c.hint > 0 && c.hint >= left {
		return 0, 0, ErrRetryLater // neither waiting nor disobeying
	}
	delay, own = retry.delay(c.rounds, prev, c.hint, min(retry.Max, left-1))
	switch {
	case delay >= left:
		return 0, 0, ErrDeadline
	case c.refusedAfter(delay) != nil:
		return 0, 0, ErrOpen
	}
	return delay, own, nil
}

// refusedAfter returns the phase of the breaker that will refuse the next attempt after
// a pause, as far as is known now; nil if none will.
func (c *call) refusedAfter(delay time.Duration) *phase {
	b := c.method.breaker
	if b == nil || c.waives(&b.pool.seat) {
		return nil
	}
	return b.refusingAfter(delay)
}

// stop ends the call for a reason that is not the callee's. A call that its own
// context ends before the callee was called gets the context's error as it is.
func (c *call) stop(reason error) error {
	if reason == context.DeadlineExceeded && c.attempts == 0 && c.totalSet {
		c.outcome = OutcomeTimedOut // while a guard kept the call waiting
		return c.failure(ErrTimeout)
	}
	c.outcome = outcomeOf(reason)
	if c.attempts == 0 {
		return reason
	}
	err := c.failure(reason)
	switch reason {
	case context.DeadlineExceeded:
		err.Reason = ErrDeadline
	case ErrOpen:
		err.after = c.method.breaker
		if c.method.events != nil {
			c.refused(GuardBreaker, ModeEnforce, err)
		}
	}
	return err
}

// refuse ends the call for a guard. shared is the error of calls that it refuses
// at their first attempt.
func (c *call) refuse(outcome Outcome, shared *Error) error {
	c.outcome = outcome
	err := shared
	if c.attempts > 0 {
		err = c.failureAfter(shared)
	}
	if c.method.events != nil {
		c.refused(refusers[outcome], ModeEnforce, err)
	}
	return err
}

// refusers are the guards whose refusals have an outcome.
var refusers = [outcomes]GuardKind{OutcomeOpen: GuardBreaker, OutcomeLimited: GuardLimit, OutcomeFull: GuardBulkhead}

// failureAfter is a refusal's error in a call that has reached the callee.
func (c *call) failureAfter(refusal *Error) *Error {
	err := c.failure(refusal.Reason)
	err.after = refusal.after
	return err
}

// failure is the error of a call that the runtime ends.
func (c *call) failure(reason error) *Error {
	err := &Error{Method: c.method.fullName, Reason: reason, Attempts: c.attempts, Err: c.err, timedOut: c.timedOut}
	if c.earlier != nil && (c.timedOut || onlyTime(c.err)) && !same(c.earlier, c.err) {
		err.earlier = c.earlier
	}
	if c.until != 0 {
		err.until = c.method.client.base.Add(c.until)
	}
	return err
}

// within returns ctx with a deadline of its own. Where ctx's deadline is nearer
// anyway, it returns ctx itself and no cancel.
func within(ctx context.Context, limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(now) <= limit {
		return ctx, nil
	}
	return context.WithDeadlineCause(ctx, now.Add(limit), cause)
}

// retries are the call's attempts after a failed one, without hedges.
func (c *call) retries() int { return max(c.rounds-1, 0) }

// end counts the call and reports it, whichever way it ended.
func (c *call) end(err error) {
	m := c.method
	if c.paid > 0 && c.paid == c.attempts {
		m.refund(c.token) // the caller gave up before the retry, or a guard refused it
	}
	m.counts.add(c)
	m.entry.unpin()
	var elapsed time.Duration
	if c.terms.clocked {
		elapsed = c.now() - c.clock.began
		c.outlasts(c.terms.watched.total, elapsed, 0)
	}
	if m.took != nil {
		m.took.call(c, elapsed)
	}
	if c.outlasted {
		m.counts.wouldTimeOut.Add(1)
	}
	if m.events != nil {
		m.event(c.caller, &Event{Kind: EventCallEnded, Attempt: c.attempts, Retries: c.retries(), Outcome: c.outcome, Err: err, Elapsed: elapsed})
	}
}
