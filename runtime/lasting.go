package resil

import (
	"context"
	"sync/atomic"
	"time"
)

// A lasting is the context of an attempt whose result outlives the call: a body that is
// still to be read, a stream, rows. It shows the caller's deadline and none of ours,
// because libraries set the deadline that they see on connections. Until the result is
// there, timers of ours cancel it. Then it lives until all parts of the result have
// ended, or the caller's context has.
type lasting struct {
	context.Context
	method   *Method
	caller   context.Context
	cancel   context.CancelCauseFunc // nil where the caller's context was enough
	timer    *time.Timer             // of the attempt's timeout; nil for none
	unlink   func() bool             // from the context of the call; nil where that is the caller's
	fate     atomic.Uint32           // the ender that came first, or keptAlive
	parts    atomic.Int32            // of the result that have not ended, and one for the attempt
	released atomic.Bool
	told     atomic.Bool // of a failure after the call
	phase    *phase      // of the breaker that let the attempt through; nil if none is to be told
	earlier  *lasting    // of the attempt before, whose result is replaced
}

// keptAlive is the fate of an attempt whose result came in time.
const keptAlive = uint32(byRace) + 1

// hold returns the context of an attempt. total is the context of the whole call, and
// own is the caller's, perhaps with a mark.
func (c *call) hold(total, own context.Context) *lasting {
	m := c.method
	h := &lasting{Context: own, method: m, caller: c.caller, earlier: c.held}
	c.held = h
	h.parts.Store(1)
	if m.breaker != nil && m.breaker.phase.Load() == c.admitted {
		h.phase = c.admitted
	}
	limit := c.terms.timeout.Attempt
	if deadline, ok := own.Deadline(); ok && time.Until(deadline) <= limit {
		limit = 0
	}
	// Faults may leave a result of the attempt before with nobody to read it.
	if linked := c.totalSet || c.racing; linked || limit > 0 || m.faults != nil {
		h.Context, h.cancel = context.WithCancelCause(own)
		if linked {
			h.unlink = context.AfterFunc(total, func() { h.follow(total) })
		}
		if cause := c.terms.attemptCause; limit > 0 {
			h.timer = time.AfterFunc(limit, func() { h.end(byAttempt, cause) })
		}
	}
	return h
}

// follow ends the attempt when the context of its call has ended.
func (h *lasting) follow(total context.Context) {
	switch {
	case h.caller.Err() != nil: // that ends both
	case total.Err() == context.DeadlineExceeded:
		h.end(byTotal, context.Cause(total))
	default:
		h.end(byRace, context.Canceled)
	}
}

// end cancels the attempt, unless its result is there.
func (h *lasting) end(by ender, cause error) {
	if h.fate.CompareAndSwap(0, uint32(by)) {
		h.cancel(cause)
	}
}

// endedBy tells which of our own timers or attempts has ended the attempt.
func (h *lasting) endedBy() ender {
	if h == nil || h.fate.Load() == keptAlive {
		return byNobody
	}
	return ender(h.fate.Load())
}

// isKept reports whether the attempt's result came in time. After that the context ends
// with the result, which may be at once.
func (h *lasting) isKept() bool { return h != nil && h.fate.Load() == keptAlive }

// keep keeps the context alive for the result of an attempt that has returned no
// error. It returns one if the context has ended already.
func (h *lasting) keep() error {
	if !h.fate.CompareAndSwap(0, keptAlive) {
		return &lostResult{context.Cause(h)}
	}
	h.drop()
	return nil
}

// A lostResult is the error of an attempt whose result came when its context had ended, so
// that nobody can use it.
type lostResult struct{ cause error }

func (e *lostResult) Error() string { return e.cause.Error() }
func (e *lostResult) Unwrap() error { return e.cause }

// isLostResult reports whether the last attempt of a call that failed with err has lost its
// result in that way.
func isLostResult(err error) bool {
	if e, ok := err.(*Error); ok {
		err = e.Err
	}
	_, late := err.(*lostResult)
	return late
}

// leave ends the attempt on every way out, and the result of the attempt before.
func (h *lasting) leave() {
	if h.timer != nil {
		h.timer.Stop()
	}
	if h.unlink != nil {
		h.unlink()
	}
	if h.fate.Load() != keptAlive {
		h.release()
	}
	if h.earlier != nil {
		h.earlier.release()
		h.earlier = nil
	}
}

// drop ends one part of the result.
func (h *lasting) drop() {
	if h.parts.Add(-1) == 0 {
		h.release()
	}
}

// release cancels the context, once.
func (h *lasting) release() {
	if h == nil || h.released.Swap(true) {
		return
	}
	if h.cancel != nil {
		h.cancel(nil)
	}
}

// Value finds the context itself too, through contexts that are derived from it.
func (h *lasting) Value(key any) any {
	if key == (lastingKey{}) {
		return h
	}
	return h.Context.Value(key)
}

type lastingKey struct{}

// tell books a failure of the result after the call, unless the caller has ended it.
func (h *lasting) tell(err error) {
	if h.fate.Load() != keptAlive || h.released.Load() || h.ofCaller() || h.told.Swap(true) {
		return
	}
	m := h.method
	v := verdictOf(err, Verdict{}, m.classifiers)
	failed := &call{method: m, attempt: attempt{err: err, class: v.Class, signal: signalNone}}
	switch v.Class {
	case Application: // an answer
		return
	case Infrastructure, SystemFault:
		failed.signal = signalFailure
	case Throttled:
		failed.signal = signalThrottled(v.After)
		m.holdBack(v.After)
	}
	m.counts.streamFailures.Add(1)
	if h.phase != nil && failed.signal != signalNone {
		m.breaker.tell(h.caller, h.phase, failed)
	}
}

// ofCaller reports whether the caller has ended what it asked for.
func (h *lasting) ofCaller() bool {
	if h.caller.Err() != nil {
		return true
	}
	deadline, ok := h.caller.Deadline()
	return ok && time.Until(deadline) <= slack(notTimed, 0)
}

// tell hands the circuit a result that came after its call was counted. It counts only
// in the phase that let the call through.
func (c *CircuitBreaker) tell(ctx context.Context, p *phase, failed *call) {
	if c.phase.Load() != p || c.entry != nil && c.entry.gone.Load() {
		return
	}
	c.note(failed)
	switch p.state {
	case StateClosed:
		_, _ = p.window.Execute(func() (struct{}, error) { return struct{}{}, failed.signal })
		if why := p.tripped.Load(); why != nil {
			c.open(ctx, p, StateClosed, why, 0)
		}
	case StateOpen: // it was a probe
		if hint, throttled := failed.signal.(signalThrottled); throttled {
			c.open(ctx, p, StateHalfOpen, &Opening{Rule: RuleThrottled}, time.Duration(hint))
		} else {
			c.open(ctx, p, StateHalfOpen, &Opening{Rule: RuleProbe, Failures: 1, Streak: 1}, 0)
		}
	}
}
