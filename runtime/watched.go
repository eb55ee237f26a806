package resil

import (
	"context"
	"time"
)

// watched are the policies of a method that only observe: what they would do is counted.
type watched struct {
	total, attempt time.Duration // limits of the timeout, 0 for none
	hedge          time.Duration // delay of the hedge, 0 for none
	retry          bool
}

// observe takes the policies that only observe out of those that act.
func (t *terms) observe() {
	if t.timeout.Mode == ModeObserve {
		t.watched.total, t.watched.attempt = t.timeout.Total, t.timeout.Attempt
		t.timeout = Timeout{}
	}
	if t.retry.Mode == ModeObserve {
		t.watched.retry = t.retry.Attempts > 1
		t.retry.Attempts = 1
	}
	if t.hedge.Mode == ModeObserve {
		t.watched.hedge = t.hedge.Delay
		t.hedge = Hedge{}
	}
}

// outlasts notes that the call, or an attempt of it, has taken longer than the limit of a
// timeout that only observes. attempt is 0 for the whole call. A limit of 0 is none.
func (c *call) outlasts(limit, took time.Duration, attempt int) {
	if limit == 0 || took <= limit {
		return
	}
	c.outlasted = true
	c.would(Event{Guard: GuardTimeout, Attempt: attempt, Elapsed: took})
}

// wouldRetry counts a call that has failed and that a retry would repeat, if one observes.
// The budget is not asked: what nobody spends says nothing of what there would be.
func (c *call) wouldRetry(ctx context.Context) {
	if !c.terms.watched.retry || !c.retry {
		return
	}
	if delay, _, reason := c.delay(ctx, 0); reason == nil {
		c.method.counts.wouldRetry.Add(1)
		c.would(Event{Guard: GuardRetry, Attempt: c.attempts + 1, Class: c.class, Err: c.err, Delay: delay})
	}
}

// wouldHedge counts an attempt that has taken so long, if a hedge observes that would have
// started beside it: it outlasted the delay, or failed in a way that starts one at once.
func (c *call) wouldHedge(a *call, took time.Duration) {
	delay := c.terms.watched.hedge
	if delay == 0 || !mayRepeat(c.caller) || a.attempts == c.attempts {
		return
	}
	failed := a.mayPass && !a.timedOut && a.class != Throttled && a.hint == 0
	if took > delay || failed {
		c.method.counts.wouldHedge.Add(1)
		c.would(Event{Guard: GuardHedge, Attempt: a.attempts + 1, Delay: min(delay, took)})
	}
}

// would tells the observers what a policy that only observes would do.
func (c *call) would(e Event) {
	if c.method.events != nil {
		e.Kind, e.Mode = EventObserved, ModeObserve
		c.method.event(c.caller, &e)
	}
}
