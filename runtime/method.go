package resil

import (
	"fmt"
	"sync/atomic"
	"time"
)

// A Method runs the calls of one method; where its state is kept by key, those
// for one key. It is safe for concurrent use.
type Method struct {
	*plan
	breaker  *CircuitBreaker // nil for none
	limiter  *limiter        // nil for none
	bulkhead *bulkhead       // nil for none
	entry    *entry          // the key's; nil where there are none
	limited  atomic.Pointer[Error]
}

// A plan is what a method does for every key.
type plan struct {
	client      *Client
	name        string
	fullName    string // with the client's
	timeout     Timeout
	retry       Retry
	retryable   classes
	hedge       Hedge
	classifiers []Classifier
	breakers    *breakers  // nil for none
	slot        int        // the method's among those that share breakers
	limits      *limits    // nil for none
	bulkheads   *bulkheads // nil for none
	full        *Error     // what calls refused at their first attempt get
	slow        time.Duration
	timed       bool    // somebody wants to know how long attempts take
	budget      *budget // the client's, nil for none
	draws       bool    // retries and hedges take from the budget
	events      *events // the client's; nil for none

	// What context.Cause says of a context that a timeout ended.
	totalCause, attemptCause error

	counts counts
	usual  usual // time that the callee takes
}

func newPlan(c *Client, s MethodSpec) *plan {
	p := &plan{
		client:      c,
		name:        s.Name,
		fullName:    c.name + "." + s.Name,
		classifiers: s.Classify,
		budget:      c.budget,
		draws:       s.budget() > 0,
		events:      c.events,
		breakers:    shared(c, c.breakers, s.Breaker, newBreakers),
		limits:      shared(c, c.limits, s.Limit, newLimits),
		bulkheads:   shared(c, c.bulkheads, s.Bulkhead, newBulkheads),
	}
	if s.Timeout != nil {
		p.timeout = *s.Timeout
	}
	if s.Retry != nil {
		p.retry = *s.Retry
	}
	if s.Hedge != nil {
		p.hedge = *s.Hedge
	}
	if p.retry.Attempts > 1 {
		p.retryable = classSet(p.retry.On)
	}
	if p.breakers != nil {
		p.slot = p.breakers.methods
		p.breakers.methods++
		p.slow = p.breakers.policy.Slow
	}
	p.timed = p.slow > 0 || p.events != nil
	p.full = &Error{Method: p.fullName, Reason: ErrFull}
	p.totalCause = fmt.Errorf("%s: timeout of %s: %w", p.fullName, p.timeout.Total, ErrTimeout)
	p.attemptCause = fmt.Errorf("%s: attempt timeout of %s: %w", p.fullName, p.timeout.Attempt, ErrTimeout)
	return p
}

// pools yields those of the guards that the method has.
func (p *plan) pools(yield func(anyPool) bool) {
	if p.breakers != nil && !yield(p.breakers) {
		return
	}
	if p.limits != nil && !yield(p.limits) {
		return
	}
	if p.bulkheads != nil {
		yield(p.bulkheads)
	}
}

// bind makes m the method of c that p plans, for calls without a key.
func (m *Method) bind(_ *Client, p *plan) *Method {
	m.equip(p, nil)
	return m
}

// equip gives m the guards of an entry, which may be nil.
func (m *Method) equip(p *plan, e *entry) {
	m.plan, m.entry = p, e
	if p.breakers != nil {
		m.breaker = p.breakers.of(e)
	}
	if p.limits != nil {
		m.limiter = p.limits.of(e)
	}
	if p.bulkheads != nil {
		m.bulkhead = p.bulkheads.of(e)
	}
}

// limitedError is shared by the calls that the limiter refuses at their first
// attempt, so that refusing allocates nothing.
func (m *Method) limitedError() *Error {
	if m.limited.Load() == nil {
		m.limited.CompareAndSwap(nil, &Error{Method: m.fullName, Reason: ErrLimited, after: m.limiter})
	}
	return m.limited.Load()
}

// spend takes a token for another attempt from the client's budget, if there is
// one and the method draws on it, and from its key's share.
func (m *Method) spend() bool {
	if !m.draws {
		return true
	}
	now := m.client.now()
	if !m.entry.spend(now) {
		return false
	}
	if !m.budget.spend(now) {
		m.entry.refund()
		return false
	}
	return true
}

// refund gives back what spend took for an attempt that did not come about.
func (m *Method) refund() {
	if m.draws {
		m.budget.add(token)
		m.entry.refund()
	}
}

// deposit adds an answered call's share to the budget.
func (m *Method) deposit() {
	m.budget.deposit()
	m.entry.deposit()
}
