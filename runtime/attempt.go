package resil

import (
	"context"
	"time"
)

// An attempt is what is known of the last attempt that reached the callee.
type attempt struct {
	err      error // the callee's own, or what stands for the one that it did not return
	signal   error // what it tells the breaker
	class    Class
	hint     time.Duration // how long the callee wants to be left alone; 0 if it did not say
	mayPass  bool          // another attempt may go better: the class is one to retry
	retry    bool          // that, and the call still lives
	timedOut bool          // one of the method's own timeouts ended it
}

// try makes one attempt, through every guard. ctx is the caller's context under the
// total timeout. An error is why the callee was not called, and the call's end;
// otherwise c.attempt tells how it went.
func (c *call) try(ctx context.Context, f func(context.Context) error) error {
	m := c.method
	if err := ctx.Err(); err != nil {
		return c.stop(err)
	}
	c.shadow, c.admitted = 0, nil
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
	if b := m.bulkhead; b != nil && b.refusing() && !c.waives(&b.pool.seat) {
		return c.refuse(OutcomeFull, m.full) // before a token is taken or waited for
	}
	if l := m.limiter; l != nil {
		now, ok := l.allow()
		c.clock.note(now)
		if !ok {
			if err := c.await(ctx, l, breaker); err != nil {
				return err
			}
		}
	}
	if b := m.bulkhead; b != nil {
		held, err := c.enter(ctx, b)
		if err != nil {
			return err
		}
		if held {
			defer b.leave()
		}
	}
	if breaker == nil {
		c.invoke(ctx, f)
		return nil
	}
	if m.outlives {
		c.admitted = breaker.phase.Load()
	}
	p := breaker.execute(ctx, func() (struct{}, error) {
		c.invoke(ctx, f)
		if c.signal != nil {
			breaker.note(c)
		}
		return struct{}{}, c.signal
	})
	switch {
	case p == nil:
		return nil
	case c.waives(&breaker.pool.seat):
		c.shadow |= shadowOpen
		c.admitted = nil
		c.invoke(ctx, f)
		return nil
	}
	return c.refuse(OutcomeOpen, p.refusal(m))
}

// await waits for a token of a limiter that has none, or goes without one. breaker
// is nil where there is none or where it let the attempt pass by.
func (c *call) await(ctx context.Context, l *limiter, breaker *CircuitBreaker) error {
	if c.waives(&l.pool.seat) {
		c.shadow |= shadowLimit
		return nil
	}
	admitted := l.await(ctx)
	c.clock.waited()
	if !admitted {
		return c.refuseAfterWait(ctx, OutcomeLimited, c.method.limitedError())
	}
	if breaker != nil { // it may have opened, and the bulkhead may have a line too
		if p := breaker.refusing(); p != nil && !c.waives(&breaker.pool.seat) {
			return c.refuse(OutcomeOpen, p.refusal(c.method))
		}
	}
	return nil
}

// enter takes a place in the bulkhead, after a wait if need be, or goes without one.
func (c *call) enter(ctx context.Context, b *bulkhead) (held bool, err error) {
	switch {
	case b.enter():
		return true, nil
	case c.waives(&b.pool.seat):
		c.shadow |= shadowFull
		return false, nil
	}
	if c.terms.clocked {
		c.now() // the call has begun
	}
	admitted := b.await(ctx)
	c.clock.waited()
	if admitted {
		return true, nil
	}
	return false, c.refuseAfterWait(ctx, OutcomeFull, c.method.full)
}

// waives reports whether a guard that would refuse lets the attempt pass: it only
// observes, the context bypasses it, or keys without a place share it.
func (c *call) waives(s *seat) bool { return c.method.waives(c.caller, s) }

func (m *Method) waives(caller context.Context, s *seat) bool {
	return s.observes() || bypassed(caller) || s.scope.keyed() && m.entry.isOverflow()
}

// refuseAfterWait refuses an attempt that a guard has not admitted in time. The wait
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
	if c.shadow != 0 {
		c.pass()
	}
	c.attempts++
	own := ctx
	if m.outlives {
		own = c.caller // without our deadlines
	}
	if c.attempts > 1 {
		own = context.WithValue(own, repeatedKey{}, repeated{c.attempts})
	}
	limited := false // by the attempt's own timeout
	var h *lasting
	if m.outlives {
		h = c.hold(ctx, own)
		defer h.leave()
		own = h
	} else if limit := c.terms.timeout.Attempt; limit > 0 {
		var cancel context.CancelFunc
		if own, cancel = within(own, limit, c.terms.attemptCause); cancel != nil {
			defer cancel()
			limited = true
		}
	}
	var verdict Verdict // the zero one unless f returns
	theirs := own
	if m.around != nil {
		var s surrounding
		defer func() { s.end(verdict) }()
		if c.terms.timed {
			c.now() // the call has begun
		}
		theirs = s.begin(own, c)
		c.clock.waited()
	}
	// The clock is read only where somebody will ask: an observer, slow=, a sample, or
	// a breaker that must know how long a call was that its caller ended.
	sample := m.breaker != nil && isSample(m.counts.atOnce.Load())
	measured := c.terms.timed || sample
	var elapsed time.Duration
	started := notTimed
	if measured || m.breaker != nil && own.Done() != nil {
		started = c.now()
	}
	c.outcome = OutcomePanicked // unless f returns
	c.clock.waited()            // here, for a panic too
	results, err := unwrapVerdict(c.reach(theirs, f))
	if h != nil && err == nil {
		if err = h.keep(); err != nil {
			results = Verdict{}
		}
	}
	if measured {
		elapsed = c.now() - started
		c.outlasts(c.terms.watched.attempt, elapsed, c.attempts)
	}
	if c.attempts > 1 {
		c.attempt = attempt{} // what the last one left
	}
	if err == nil && results.Class <= Success {
		c.class, c.outcome = Success, OutcomeSucceeded
		verdict.Class = Success
	} else {
		verdict = c.classify(ctx, own, limited, started, results, err)
	}
	c.attempted(sample, elapsed)
}

// attempted notes how an attempt has ended that took so long, if that was measured.
// sample says that it was because the breaker wants to know.
func (c *call) attempted(sample bool, elapsed time.Duration) {
	m := c.method
	if c.class <= Application {
		m.answers(sample, elapsed)
		if slow := c.terms.slow; slow > 0 && elapsed > slow {
			c.signal = signalSlow
		}
	}
	if m.took != nil {
		m.took.attempt(c.class, elapsed)
	}
	if m.seen != nil && c.timedOut {
		m.seen.timedOut.Add(1)
	}
	if m.events != nil {
		m.event(c.caller, &Event{Kind: EventAttemptEnded, Attempt: c.attempts, Hedge: c.hedge, Class: c.class, Err: c.err, Elapsed: elapsed})
	}
}

// reach calls the callee, through its faults if there are any. Those of a race are inside
// f, which must know of each attempt.
func (c *call) reach(ctx context.Context, f func(context.Context) error) error {
	if s := c.method.seen; s != nil {
		s.enter(c.clock.last)
		defer s.leave()
	}
	if c.method.faults != nil && !c.racing {
		return c.strike(ctx, f)
	}
	return f(ctx)
}

// notTimed stands for the start of an attempt that nobody had to know.
const notTimed = time.Duration(-1)

// classify decides what an attempt that was no success means. total is the context of
// the whole call and own that of the attempt, which began at started and has a
// timeout of its own where limited is true. results is what a result classifier says;
// err is nil where it alone says that the attempt failed.
func (c *call) classify(total, own context.Context, limited bool, started time.Duration, results Verdict, err error) Verdict {
	m := c.method
	if c.err = err; err == nil {
		c.err = results.failure()
	}
	now := m.client.now()
	whose, early := c.ended(own, limited, started, now)
	v := results
	switch {
	case whose == byCaller, whose == byRace:
		v.Class = Canceled
	case err == nil:
	default:
		v = verdictOf(err, results, m.classifiers)
		switch {
		case whose == byNobody:
		case early && v.Class != Infrastructure && !outOfTime(err):
			whose = byNobody // the callee itself ended it
		case (v.Class != Application || outOfTime(err)) && markOf(err) == Undecided:
			v.Class = Infrastructure // whatever words the callee has for it, time ran out
		}
	}
	c.class, c.hint = v.Class, max(v.After, 0) // a time that has passed is none
	m.counts.classes[c.class].Add(1)
	c.counted++

	timedOut := whose == byAttempt || whose == byTotal
	switch {
	case timedOut && c.class == Infrastructure:
		c.outcome, c.timedOut = OutcomeTimedOut, true
	case whose == byCaller:
		c.outcome = OutcomeCanceled
	case whose == byDeadline:
		c.outcome = OutcomeDeadline
	default:
		c.outcome = OutcomeFailed
	}
	retryable := c.terms.retryable
	c.mayPass = retryable.match(v) || m.idempotent && retryable != 0 && !v.Final && c.class == Unknown && foreignCancel(err)
	c.retry = c.mayPass && total.Err() == nil && mayRepeat(c.caller)

	switch c.class {
	case Application:
	case Infrastructure, SystemFault:
		c.signal = signalFailure
		// The caller's deadline, and the rest of a total timeout that earlier attempts
		// have used up, may have left the callee too little time.
		if (whose == byDeadline || whose == byTotal && c.attempts > 1) && m.breaker != nil && !m.cutOff(now-started, now) {
			c.signal = signalNone
		}
	case Throttled:
		c.signal = signalThrottled(c.hint)
		m.holdBack(c.hint)
	default:
		c.signal = signalNone
	}
	if slow := c.terms.slow; c.signal == signalNone && whose != byNobody && slow > 0 && now-started > slow {
		c.signal = signalSlow // it was given up after more than slow
	}
	v.After = c.hint
	return v
}

// An ender is what ended an attempt that failed.
type ender uint8

const (
	byNobody   ender = iota // but the callee
	byAttempt               // the attempt's timeout
	byTotal                 // the total timeout
	byDeadline              // the deadline that the caller brought
	byCaller                // the caller, who gave up
	byRace                  // another attempt, which won
)

// ended tells what ended an attempt. Whether a deadline has passed is told by the
// clock: a context's error comes a little later, and drivers that set the deadline on
// a connection, or servers that know it, report it before that. early says that the
// deadline is near and has not passed yet.
func (c *call) ended(own context.Context, limited bool, started, now time.Duration) (_ ender, early bool) {
	// Each is read once: it may end meanwhile. Nothing can end own but the caller, a
	// deadline and a race.
	ended := own.Err()
	switch err := c.caller.Err(); {
	case err != nil && err != context.DeadlineExceeded:
		return byCaller, false
	}
	if by := c.held.endedBy(); by != byNobody {
		return by, false
	}
	if c.held.isKept() {
		ended = nil // the result has ended it, if anything
	}
	if ended == context.Canceled {
		return byRace, false
	}
	deadline, ok := own.Deadline()
	switch {
	case ok:
	case ended != nil:
		return byDeadline, false // of a context that does not tell it
	default:
		return byNobody, false
	}
	left := deadline.Sub(c.method.client.base) - now
	early = left > 0 && ended == nil
	switch {
	case early && left > slack(started, now+left):
		return byNobody, false
	case limited:
		return byAttempt, early
	case c.totalSet:
		return byTotal, early
	}
	return byDeadline, early
}

// slack is how long before its deadline an error of an attempt is taken to come of
// it: a twentieth of the time that the attempt was given, if that is known, and a
// millisecond at least. started is negative where it is not known.
func slack(started, deadline time.Duration) time.Duration {
	if started < 0 {
		return time.Millisecond
	}
	return max((deadline-started)/20, time.Millisecond)
}

// outOfTime reports whether an error says by itself that time ran out.
func outOfTime(err error) bool {
	return !walk(err, func(err error) bool { return !saysTimeout(err) })
}

// saysTimeout reports whether one error says that time ran out, without what it wraps.
// A method that panics, as those of typed nils do, says nothing.
func saysTimeout(err error) bool {
	if isNil(err) {
		return false
	}
	defer func() { _ = recover() }()
	if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() {
		return true
	}
	e, ok := err.(interface{ Is(error) bool })
	return ok && e.Is(context.DeadlineExceeded)
}
