package resil

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"
)

// A Client guards one backend: it holds the state behind a wrapper's methods.
// It is safe for concurrent use. Generated constructors make one, and the
// wrapper's Resilience method returns it.
type Client struct {
	name      string
	base      time.Time // the client's clock counts from here
	plans     []*plan
	methods   []*Method // by plan; for keyed ones, the overflow's
	circuits  map[string]*circuits
	limits    map[string]*limits
	bulkheads map[string]*bulkheads
	budget    *budget // nil without retries or hedges that draw on one
	events    *events // nil without an observer

	mu     sync.Mutex
	tables map[reflect.Type]any // *table[K] by K
}

// An Option changes a client as it is made.
type Option func(*options)

type options struct {
	observer  Observer
	registry  *Registry
	overrides Overrides
}

// WithObserver has o told of the client's events. With several, the last one
// counts. Without one, events cost nothing.
func WithObserver(o Observer) Option { return func(opts *options) { opts.observer = o } }

// New makes a client. Its error tells all that is wrong with spec and with the
// overrides among the options.
func New(spec Spec, opts ...Option) (*Client, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	spec, err := spec.override(o.overrides)
	if err == nil {
		err = spec.check()
	}
	if err != nil {
		return nil, err
	}
	c := &Client{
		name:      spec.Name,
		base:      time.Now(),
		circuits:  map[string]*circuits{},
		limits:    map[string]*limits{},
		bulkheads: map[string]*bulkheads{},
		tables:    map[reflect.Type]any{},
	}
	if o.observer != nil {
		c.events = &events{observe: o.observer}
	}
	for name, policy := range spec.Breakers {
		(&Policies{Breaker: &policy}).Complete()
		c.circuits[name] = newCircuits(c, name, policy)
	}
	for name, policy := range spec.Limits {
		(&Policies{Limit: &policy}).Complete()
		c.limits[name] = newLimits(c, name, policy)
	}
	for name, policy := range spec.Bulkheads {
		(&Policies{Bulkhead: &policy}).Complete()
		c.bulkheads[name] = newBulkheads(c, name, policy)
	}
	for _, s := range spec.Methods {
		if s.Retry.Budget > 0 {
			c.budget = newBudget(s.Retry.Budget, budgetCapacity, 0) // the same for all
		}
	}
	for _, s := range spec.Methods {
		p := newPlan(c, s)
		c.plans = append(c.plans, p)
		c.methods = append(c.methods, p.bind(nil))
	}
	o.registry.add(c)
	return c, nil
}

// now is the client's clock.
func (c *Client) now() time.Duration { return time.Since(c.base) }

// Name returns the client's name.
func (c *Client) Name() string { return c.name }

// Method returns the named method. It panics if there is none. Of a method with
// guards that are kept by key it is the one for calls without a key, which share
// the guards of keys that find no place.
func (c *Client) Method(name string) *Method { return c.methods[c.index(name)] }

// index finds a method by its name.
func (c *Client) index(name string) int {
	i := slices.IndexFunc(c.plans, func(p *plan) bool { return p.name == name })
	if i < 0 {
		panic(fmt.Sprintf("resil: client %s has no method %s", c.name, name))
	}
	return i
}

// Breaker returns the named circuit breaker for manual control. It panics if
// there is none. Of a breaker that is kept by key it is the one that keys without
// a place share; its For returns a key's own.
func (c *Client) Breaker(name string) *Circuit {
	b, ok := c.circuits[name]
	if !ok {
		panic(fmt.Sprintf("resil: client %s has no breaker %s", c.name, name))
	}
	return b.one.(*Circuit)
}
