package resil

import (
	"errors"
	"fmt"
	"time"
)

// A Client guards one backend: it holds the state behind a wrapper's methods.
// It is safe for concurrent use. Generated constructors make one, and the
// wrapper's Resilience method returns it.
type Client struct {
	name     string
	base     time.Time // the client's clock counts from here
	methods  []*Method
	circuits map[string]*Circuit
	limiters map[string]*limiter
	budget   *budget // nil without retries that draw on one
	events   *events // nil without an observer
}

// An Option changes a client as it is made.
type Option func(*Client)

// WithObserver has o told of the client's events. With several, the last one
// counts.
func WithObserver(o Observer) Option {
	return func(c *Client) { c.events = &events{observe: o} }
}

// New makes a client. Its error tells all that is wrong with spec.
func New(spec Spec, opts ...Option) (*Client, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	c := &Client{name: spec.Name, base: time.Now(), circuits: map[string]*Circuit{}, limiters: map[string]*limiter{}}
	for _, opt := range opts {
		opt(c)
	}
	for name, policy := range spec.Breakers {
		c.circuits[name] = newCircuit(c, name, policy)
	}
	for name, policy := range spec.Limits {
		c.limiters[name] = newLimiter(c, policy.completed())
	}
	for _, s := range spec.Methods {
		c.methods = append(c.methods, newMethod(c, s))
		if s.Retry.Budget > 0 && c.budget == nil {
			c.budget = newBudget(s.Retry.Budget)
		}
	}
	return c, nil
}

// now is the client's clock.
func (c *Client) now() time.Duration { return time.Since(c.base) }

// Name returns the client's name.
func (c *Client) Name() string { return c.name }

// Method returns the named method. It panics if there is none.
func (c *Client) Method(name string) *Method {
	for _, m := range c.methods {
		if m.name == name {
			return m
		}
	}
	panic(fmt.Sprintf("resil: client %s has no method %s", c.name, name))
}

// Breaker returns the named circuit breaker for manual control. It panics if
// there is none.
func (c *Client) Breaker(name string) *Circuit {
	b, ok := c.circuits[name]
	if !ok {
		panic(fmt.Sprintf("resil: client %s has no breaker %s", c.name, name))
	}
	return b
}

// A Method runs one method's calls. It is safe for concurrent use.
type Method struct {
	client      *Client
	name        string
	fullName    string // with the client's
	timeout     Timeout
	retry       Retry
	retryable   classes
	classifiers []Classifier
	circuit     *Circuit // nil for none, as below
	slot        int      // the method's among those that share circuit
	slow        time.Duration
	limiter     *limiter
	limited     *Error // what calls refused at their first attempt get

	// What context.Cause says of a context that a timeout ended.
	totalCause, attemptCause error

	counts counts
}

func newMethod(c *Client, s MethodSpec) *Method {
	m := &Method{
		client:      c,
		name:        s.Name,
		fullName:    c.name + "." + s.Name,
		timeout:     s.Timeout,
		retry:       s.Retry,
		classifiers: s.Classify,
		circuit:     c.circuits[s.Breaker],
		limiter:     c.limiters[s.Limit],
	}
	if s.Retry.Attempts > 1 {
		m.retryable = classSet(s.Retry.On)
	}
	if m.circuit != nil {
		m.slot = m.circuit.methods
		m.circuit.methods++
		m.slow = m.circuit.policy.Slow
	}
	if m.limiter != nil {
		m.limited = &Error{Method: m.fullName, Reason: ErrLimited, after: m.limiter}
	}
	m.totalCause = fmt.Errorf("%s: timeout of %s: %w", m.fullName, s.Timeout.Total, ErrTimeout)
	m.attemptCause = fmt.Errorf("%s: attempt timeout of %s: %w", m.fullName, s.Timeout.Attempt, ErrTimeout)
	return m
}

// classes is a set of them.
type classes uint8

func classSet(list []Class) (set classes) {
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

func (s classes) has(c Class) bool { return s&(1<<c) != 0 }

// check finds what is wrong with a spec. Generated ones pass; this is for those
// written by hand and for overrides.
func (s *Spec) check() error {
	var errs []error
	wrong := func(method string, p *Problem) {
		errs = append(errs, fmt.Errorf("resil: %s.%s: %w", s.Name, method, p))
	}
	seen := map[string]bool{}
	var budget Ratio
	for i := range s.Methods {
		m := &s.Methods[i]
		if seen[m.Name] {
			errs = append(errs, fmt.Errorf("resil: %s.%s is there twice", s.Name, m.Name))
		}
		seen[m.Name] = true
		policy, err := s.policy(m)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, p := range policy.checkRanges() {
			wrong(m.Name, p)
		}
		for _, p := range policy.Check() {
			wrong(m.Name, p)
		}
		if b := m.Retry.Budget; b != 0 {
			if budget != 0 && b != budget {
				errs = append(errs, fmt.Errorf("resil: %s.%s: the retry budget is the client's: %s here and %s before it; use one", s.Name, m.Name, b, budget))
			}
			budget = b
		}
	}
	return errors.Join(errs...)
}

// policy gathers what guards one method.
func (s *Spec) policy(m *MethodSpec) (p Policy, err error) {
	if m.Timeout != (Timeout{}) {
		p.Timeout = &m.Timeout
	}
	if m.Retry.Attempts != 0 {
		p.Retry = &m.Retry
	}
	if m.Breaker != "" {
		b, ok := s.Breakers[m.Breaker]
		if !ok {
			return p, fmt.Errorf("resil: %s.%s: there is no breaker %q", s.Name, m.Name, m.Breaker)
		}
		p.Breaker = &b
	}
	if m.Limit != "" {
		l, ok := s.Limits[m.Limit]
		if !ok {
			return p, fmt.Errorf("resil: %s.%s: there is no limit %q", s.Name, m.Name, m.Limit)
		}
		p.Limit = &l
	}
	p.Complete()
	return p, nil
}
