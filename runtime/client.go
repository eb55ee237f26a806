package resil

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Client guards one backend: it holds the state behind a wrapper's methods.
// Generated constructors make one, and the wrapper's Resilience method returns it.
// It is safe for concurrent use.
type Client struct {
	name      string
	base      time.Time // the client's clock counts from here
	plans     []*plan
	methods   []*Method // by plan; for keyed ones, the overflow's
	breakers  map[string]*breakers
	limits    map[string]*limits
	bulkheads map[string]*bulkheads
	budget    *budget // nil without retries and hedges
	events    *events // nil without observers
	around    []around
	profile   *Profile    // of WithProfile; nil for none
	timed     bool        // WithDurations or WithProfile was given
	armed     bool        // WithChaos was given
	chaosOn   atomic.Bool // and faults are on
	member    *Member     // nil without a fleet

	mu     sync.Mutex
	tables map[reflect.Type]any // *table[K] by K

	applying  sync.Mutex // guards what follows
	declared  Spec       // without overrides
	applied   Spec       // what is in force
	overrides Overrides  // likewise
	ordered   Overrides  // by the fleet; go over these
	chaos     Chaos      // the client's own faults
}

// An Option changes a client as it is made: [WithName], [WithObserver],
// [WithAttempts], [WithOverrides], [WithRegistry], [WithChaos],
// [WithDurations], [WithProfile], [WithFleet].
type Option func(*options)

// WithName gives the client a name of its own in stats, errors, events and registries,
// in place of its interface's: two clients of one interface are told apart by it. The
// names of its breakers, limits and bulkheads stay. Overrides may address the client by
// either name. [New] fails where name is empty, and where two names are given.
func WithName(name string) Option {
	return func(opts *options) { opts.names = append(opts.names, name) }
}

type options struct {
	names      []string
	observers  []Observer
	around     []around
	overrides  []Overrides
	registries []*Registry
	chaos      []Chaos
	profiles   []*Profile
	fleets     []Fleet
	durations  bool
}

// check returns everything that is wrong with the options of the named client.
func (o *options) check(client string) error {
	var errs []error
	if len(o.names) > 1 {
		errs = append(errs, fmt.Errorf("resil: %s: %d names are given, %s; keep one", client, len(o.names), directive.All(o.names)))
	}
	if slices.Contains(o.names, "") {
		errs = append(errs, fmt.Errorf("resil: %s: the name of WithName is empty; write one, or leave the option out", client))
	}
	if len(o.overrides) > 1 {
		errs = append(errs, fmt.Errorf("resil: %s: %d sets of overrides are given; merge them into one", client, len(o.overrides)))
	}
	if len(o.profiles) > 1 {
		errs = append(errs, fmt.Errorf("resil: %s: %d profiles are given; keep one", client, len(o.profiles)))
	}
	if len(o.chaos) > 1 {
		errs = append(errs, fmt.Errorf("resil: %s: WithChaos is given %d times; merge the faults into one", client, len(o.chaos)))
	}
	return errors.Join(errs...)
}

// New returns a new client. It fails where spec or an option cannot mean anything:
// a value out of its range, two guards of one name, an override of nothing, a second
// set of overrides. Its error names everything that it has found. New changes nothing in
// spec, which may be used again and by several goroutines at once.
func New(spec Spec, opts ...Option) (*Client, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.check(spec.Name); err != nil {
		return nil, err
	}
	spec = spec.clone()
	for _, name := range o.names {
		spec.own = name
	}
	c := &Client{
		name:      spec.shownName(),
		base:      time.Now(),
		breakers:  map[string]*breakers{},
		limits:    map[string]*limits{},
		bulkheads: map[string]*bulkheads{},
		tables:    map[reflect.Type]any{},
		declared:  spec,
	}
	for _, overrides := range o.overrides {
		c.overrides = overrides.clone()
	}
	spec, err := c.prepare(c.overrides)
	if err != nil {
		return nil, err
	}
	c.applied = spec
	if err := spec.checkFleet(o.fleets); err != nil {
		return nil, err
	}
	for _, p := range o.profiles {
		c.profile = p
	}
	c.timed = o.durations || c.profile != nil
	c.events, c.around, c.armed = newEvents(o.observers), o.around, len(o.chaos) > 0
	c.member = newMember(c, o.fleets)
	if slices.ContainsFunc(spec.Methods, func(m MethodSpec) bool { return m.Retry != nil || m.Hedge != nil }) {
		c.budget = newBudget(spec.budget(), 0)
	}
	for _, s := range spec.Methods {
		p := newPlan(c, s)
		c.plans = append(c.plans, p)
		target := s.Method
		if target == nil {
			target = new(Method)
		}
		c.methods = append(c.methods, target.bind(c, p))
	}
	for _, chaos := range o.chaos {
		if err := c.checkChaos(chaos); err != nil {
			return nil, err
		}
		c.swapChaos(maps.Clone(chaos), true)
	}
	if c.profile != nil {
		c.watchLoads()
		if err := c.profile.bind(c); err != nil {
			return nil, err
		}
	}
	if err := c.member.join(); err != nil {
		if c.profile != nil {
			c.profile.client.Store(nil) // another client may have it
		}
		return nil, err
	}
	for _, r := range o.registries {
		r.add(c)
	}
	return c, nil
}

// Must returns w, or panics with err if that is not nil. It is for wrappers that a
// program needs in order to start:
//
//	users := resil.Must(NewResilientUserClient(next))
func Must[W any](w W, err error) W {
	if err != nil {
		panic(err)
	}
	return w
}

// shared returns the state that a policy declares, made for the first method that
// points to it, and nil for no policy.
func shared[P, S any](c *Client, states map[string]*S, policy *P, create func(*Client, P) *S) *S {
	if policy == nil {
		return nil
	}
	name, _ := any(policy).(statePolicy).state()
	if states[name] == nil {
		states[name] = create(c, *policy)
	}
	return states[name]
}

// now is the client's clock. It is negative for a client that was made outside the
// bubble of testing/synctest that asks.
func (c *Client) now() time.Duration { return time.Since(c.base) }

// later is the time that is d after t, or the end of time.
func later(t, d time.Duration) time.Duration { return t + min(d, math.MaxInt64-max(t, 0)) }

// Interface returns the name of the client's interface, which is [Spec].Name, also where
// [WithName] has given the client another.
func (c *Client) Interface() string { return c.declared.Name }

// Name returns the client's name: that of [WithName] or, without one, of its interface.
func (c *Client) Name() string { return c.name }

// Method returns the named method. It panics if there is none. Of a method with
// guards that are kept by key it is the one for calls without a key. These share
// the guards of keys that find no place, which refuse nothing.
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
// a place share, which refuses nothing; its For returns a key's own.
func (c *Client) Breaker(name string) *CircuitBreaker {
	b, ok := c.breakers[name]
	if !ok {
		panic(fmt.Sprintf("resil: client %s has no breaker %s", c.name, name))
	}
	return b.shared
}
