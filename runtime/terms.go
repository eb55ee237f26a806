package resil

import (
	"fmt"
	"time"
)

// terms are what the calls of a method obey. They do not change: [Client.Apply] gives the
// method others. A call has those that were in force when it began.
type terms struct {
	timeout   Timeout
	retry     Retry
	retryable classes // what another attempt may change, a hedge too
	hedge     Hedge
	slow      time.Duration
	watched   watched
	timed     bool // somebody wants to know how long attempts take
	clocked   bool // and how long calls do
	draws     bool // retries and hedges take from the budget

	// What context.Cause says of a context that a timeout ended.
	totalCause, attemptCause error
}

func newTerms(p *plan, s *MethodSpec) *terms {
	t := &terms{draws: s.budget() > 0}
	if s.Timeout != nil {
		t.timeout = *s.Timeout
	}
	if s.Retry != nil {
		t.retry = *s.Retry
	}
	if s.Hedge != nil {
		t.hedge = *s.Hedge
	}
	repeats := t.retry.Attempts > 1
	t.observe()
	switch {
	case repeats, s.Hedge != nil && len(t.retry.On) > 0:
		t.retryable = classSet(t.retry.On)
	case s.Hedge != nil: // as retries by default
		t.retryable = classSet([]Class{Infrastructure, Throttled})
	}
	if s.Breaker != nil {
		t.slow = s.Breaker.Slow
	}
	t.clocked = t.watched.total > 0 || p.watches()
	t.timed = t.clocked || t.slow > 0 || t.watched.attempt > 0
	t.totalCause = fmt.Errorf("%s: timeout of %s: %w", p.fullName, t.timeout.Total, ErrTimeout)
	t.attemptCause = fmt.Errorf("%s: attempt timeout of %s: %w", p.fullName, t.timeout.Attempt, ErrTimeout)
	return t
}
