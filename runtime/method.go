package resil

import (
	"sync/atomic"
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
	cut      atomic.Int64 // ns, what the longest call gave that was cut off since the last answer
}

// A plan is what a method does for every key.
type plan struct {
	client      *Client
	name        string
	fullName    string // with the client's
	idempotent  bool
	outlives    bool // results do the call
	classifiers []Classifier
	breakers    *breakers  // nil for none
	slot        int        // the method's among those that share breakers
	limits      *limits    // nil for none
	bulkheads   *bulkheads // nil for none
	full        *Error     // what calls refused at their first attempt get
	budget      *budget    // the client's, nil for none
	tally       tally      // of the budget
	events      *events    // the client's; nil for none
	around      []around   // likewise
	faults      *faults    // that attempts meet; nil without chaos
	took        *took      // how long calls and attempts took; nil if nobody asks
	seen        *seen      // for the client's profile; nil for none
	terms       atomic.Pointer[terms]
	light       atomic.Uint32 // a lightness

	counts counts
	usual  usual // time that the callee takes
}

func newPlan(c *Client, s MethodSpec) *plan {
	p := &plan{
		client:      c,
		name:        s.Name,
		fullName:    c.name + "." + s.Name,
		classifiers: s.Classify,
		idempotent:  s.Idempotent,
		outlives:    s.Outlives,
		budget:      c.budget,
		events:      c.events,
		around:      c.around,
		faults:      newFaults(c),
		breakers:    shared(c, c.breakers, s.Breaker, newBreakers),
		limits:      shared(c, c.limits, s.Limit, newLimits),
		bulkheads:   shared(c, c.bulkheads, s.Bulkhead, newBulkheads),
	}
	if c.timed {
		p.took = new(took)
	}
	if c.profile != nil {
		p.seen = new(seen)
	}
	if !p.budget.isBound() {
		p.leaveBudget()
	}
	if p.breakers != nil {
		p.slot = p.breakers.methods
		p.breakers.methods++
	}
	p.full = &Error{Method: p.fullName, Reason: ErrFull}
	p.obey(&s)
	return p
}

// obey has calls that begin from now on obey a spec.
func (p *plan) obey(s *MethodSpec) {
	t := newTerms(p, s)
	p.terms.Store(t)
	p.light.Store(p.lightness(t))
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
// one and the method draws on it.
func (m *Method) spend(t *terms) (tk token, ok bool) {
	if !t.draws {
		return token{}, true
	}
	return m.budget.spend(m.client.plans, m.entry.half(), m.client.now())
}

// refund gives back what spend took for an attempt that did not come about.
func (m *Method) refund(tk token) {
	if tk.taken {
		m.budget.refund(tk, m.entry.half())
	}
}
