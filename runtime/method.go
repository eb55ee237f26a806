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
	circuit  *Circuit  // nil for none
	limiter  *limiter  // nil for none
	bulkhead *bulkhead // nil for none
	entry    *entry    // the key's; nil where there are none
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
	circuits    *circuits  // nil for none
	slot        int        // the method's among those that share circuits
	limits      *limits    // nil for none
	bulkheads   *bulkheads // nil for none
	full        *Error     // what calls refused at their first attempt get
	slow        time.Duration
	timed       bool    // somebody wants to know how long attempts take
	budget      *budget // the client's, nil for none
	events      *events // the client's, nil for none

	// What context.Cause says of a context that a timeout ended.
	totalCause, attemptCause error

	counts counts
}

func newPlan(c *Client, s MethodSpec) *plan {
	p := &plan{
		client:      c,
		name:        s.Name,
		fullName:    c.name + "." + s.Name,
		timeout:     s.Timeout,
		retry:       s.Retry,
		hedge:       s.Hedge,
		classifiers: s.Classify,
		budget:      c.budget,
		events:      c.events,
		circuits:    c.circuits[s.Breaker],
		limits:      c.limits[s.Limit],
		bulkheads:   c.bulkheads[s.Bulkhead],
	}
	if s.Retry.Attempts > 1 {
		p.retryable = classSet(s.Retry.On)
	}
	if p.circuits != nil {
		p.slot = p.circuits.methods
		p.circuits.methods++
		p.slow = p.circuits.policy.Slow
	}
	p.timed = p.slow > 0 || p.events != nil
	p.full = &Error{Method: p.fullName, Reason: ErrFull}
	p.totalCause = fmt.Errorf("%s: timeout of %s: %w", p.fullName, s.Timeout.Total, ErrTimeout)
	p.attemptCause = fmt.Errorf("%s: attempt timeout of %s: %w", p.fullName, s.Timeout.Attempt, ErrTimeout)
	return p
}

// groups are the guards that the method has.
func (p *plan) groups(yield func(*group) bool) {
	if p.circuits != nil && !yield(&p.circuits.group) {
		return
	}
	if p.limits != nil && !yield(&p.limits.group) {
		return
	}
	if p.bulkheads != nil {
		yield(&p.bulkheads.group)
	}
}

// bind returns the method with the guards of an entry, which may be nil.
func (p *plan) bind(e *entry) *Method {
	m := &Method{plan: p, entry: e}
	if p.circuits != nil {
		m.circuit = p.circuits.of(e).(*Circuit)
	}
	if p.limits != nil {
		m.limiter = p.limits.of(e).(*limiter)
	}
	if p.bulkheads != nil {
		m.bulkhead = p.bulkheads.of(e).(*bulkhead)
	}
	return m
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
	if m.retry.Budget == 0 {
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
	if m.retry.Budget > 0 {
		m.budget.add(token)
		m.entry.refund()
	}
}

// deposit adds an answered call's share to the budget.
func (m *Method) deposit() {
	m.budget.deposit()
	m.entry.deposit()
}
