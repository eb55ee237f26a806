package resil

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/resilgen/resilgen/internal/directive"
)

// Apply puts o in force, in place of the overrides that were: what o does not name is again
// as the directives have it, and nil leaves the directives alone. All of o is checked first.
// Where something is wrong with it, Apply changes nothing, and its error names everything.
//
// Nothing that the client has learned is lost. Open breakers stay open for the time that
// they have begun, windows keep what they hold, buckets their tokens, the retry budget its
// answers, and keys their guards. A window whose length changes begins with what the old
// one held: all of it up to 10,000 calls, and the same share of failures beyond that.
// A call under way keeps the timeouts, retries and hedges with which it began; guards go by
// the new numbers at once, and let in those who wait where there is room now. If probes is
// lowered below the number that has passed already, the next that passes closes the breaker.
//
// Observers are told what has changed, if anything has. Apply may be called concurrently,
// also by an observer.
func (c *Client) Apply(o Overrides) error {
	c.applying.Lock()
	defer c.applying.Unlock()
	next, err := c.prepare(o)
	if err != nil {
		return err
	}
	c.swap(next, o)
	return nil
}

// Overrides returns a copy of the overrides that are in force, nil for none.
func (c *Client) Overrides() Overrides {
	c.applying.Lock()
	defer c.applying.Unlock()
	return c.overrides.clone()
}

// Spec returns a copy of what is in force: the spec that the client was made from, with
// overrides, and with what New fills in. No Method is set in it. Changing the copy changes
// nothing in the client.
func (c *Client) Spec() Spec {
	c.applying.Lock()
	s := c.applied.clone()
	c.applying.Unlock()
	s.own = ""
	for i := range s.Methods {
		m := &s.Methods[i]
		m.Method, m.Classify = nil, slices.Clone(m.Classify)
		if m.Retry != nil {
			m.Retry.On = slices.Clone(m.Retry.On)
		}
	}
	return s
}

// clone returns a copy, nil for none.
func (o Overrides) clone() Overrides {
	if len(o) == 0 {
		return nil
	}
	own := maps.Clone(o)
	for target, policies := range own {
		own[target] = maps.Clone(policies)
	}
	return own
}

// prepare returns the client's spec under o and what its fleet has ordered, or everything
// that is wrong with that.
func (c *Client) prepare(o Overrides) (Spec, error) { return c.prepareUnder(o, c.ordered) }

func (c *Client) prepareUnder(own, ordered Overrides) (Spec, error) {
	next := c.declared.clone()
	if err := errors.Join(next.override(own), next.override(ordered)); err != nil {
		return next, err
	}
	if err := next.check(); err != nil {
		return next, err
	}
	for i := range next.Methods {
		next.Methods[i].Complete()
	}
	return next, nil
}

// swap puts a spec in force, which is that under o. The caller holds c.applying.
func (c *Client) swap(next Spec, o Overrides) {
	changes := c.changes(&next)
	c.applied, c.overrides = next, o.clone()
	if len(changes) == 0 {
		return
	}
	if c.budget != nil {
		c.budget.apply(c.plans, next.budget(), c.now())
	}
	bounds, done := map[keyTable]int64{}, map[anyPool]bool{}
	for i, p := range c.plans {
		s := &next.Methods[i]
		p.obey(s)
		for pool := range p.pools {
			if done[pool] {
				continue
			}
			done[pool] = true
			var scope *Scope
			switch g := pool.(type) {
			case *breakers:
				g.apply(s.Breaker)
				scope = &s.Breaker.Scope
			case *limits:
				g.apply(s.Limit)
				scope = &s.Limit.Scope
			case *bulkheads:
				g.apply(s.Bulkhead)
				scope = &s.Bulkhead.Scope
			}
			if table := pool.place().table; table != nil {
				bounds[table] = max(bounds[table], int64(scope.Keys))
			}
		}
	}
	for table, keys := range bounds {
		table.setBound(keys)
	}
	c.events.add(context.Background(), Event{Kind: EventApplied, Client: c.name, Changes: changes})
}

// A Change is one number or mode that [Client.Apply] has changed.
type Change struct {
	Target    string // what an override addresses: Store.Get, or the name of a guard
	Directive string // retry, breaker, …
	Key       string // attempts, open, …
	From, To  string // as in a directive; empty for what was not set
}

func (c Change) String() string {
	return fmt.Sprintf("%s: %s %s %s → %s", c.Target, c.Directive, c.Key, c.From, c.To)
}

// changes returns what next changes in the client's spec.
func (c *Client) changes(next *Spec) (list []Change) {
	compared := map[any]bool{} // guards that several methods share
	for i := range next.Methods {
		was, is := &c.applied.Methods[i].Policies, &next.Methods[i].Policies
		compare := func(name, target string, from, to any) {
			if reflect.ValueOf(to).IsNil() || compared[to] {
				return
			}
			compared[to] = true
			list = appendChanges(list, Change{Target: target, Directive: name}, reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem())
		}
		method := c.plans[i].fullName
		compare("timeout", method, was.Timeout, is.Timeout)
		compare("retry", method, was.Retry, is.Retry)
		compare("hedge", method, was.Hedge, is.Hedge)
		for kind, guard := range is.guards {
			name, _ := guard.state()
			compare(kind, name, was.byKind(kind), guard)
		}
	}
	return list
}

// byKind returns the guard of a kind.
func (p *Policies) byKind(kind string) (found any) {
	for name, guard := range p.guards {
		if name == kind {
			found = guard
		}
	}
	return found
}

// appendChanges appends a change for each key in which two policies differ.
func appendChanges(list []Change, c Change, from, to reflect.Value) []Change {
	for _, key := range directive.Keys(to.Type()) {
		c.Key = key.Name
		c.From, _ = key.Text(from)
		c.To, _ = key.Text(to)
		if c.From != c.To {
			list = append(list, c)
		}
	}
	return list
}

// applyingAll keeps two calls of [Registry.Apply] from waiting for each other's clients.
var applyingAll sync.Mutex

// Apply is [Client.Apply] for all clients of the registry: each gets that part of o which
// addresses it, and may be nothing. It changes nothing in any client where a name addresses
// none of them, or where something is wrong with o for one.
func (r *Registry) Apply(o Overrides) error {
	applyingAll.Lock()
	defer applyingAll.Unlock()
	var clients []*Client
	for _, c := range r.Clients() {
		if !slices.Contains(clients, c) {
			c.applying.Lock()
			defer c.applying.Unlock()
			clients = append(clients, c)
		}
	}
	var errs []error
	var known []string
	addressed := map[string]bool{}
	specs, parts := make([]Spec, len(clients)), make([]Overrides, len(clients))
	for i, c := range clients {
		targets := c.declared.targets()
		known = append(known, c.declared.names(targets)...)
		parts[i] = Overrides{}
		for name, policies := range o {
			if _, ok := c.declared.target(name, targets); ok {
				parts[i][name], addressed[name] = policies, true
			}
		}
		var err error
		specs[i], err = c.prepare(parts[i])
		errs = append(errs, err)
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !addressed[name] {
			errs = append(errs, fmt.Errorf("resil: override of %s: %s", name, directive.Unknown("name", name, known)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, c := range clients {
		c.swap(specs[i], parts[i])
	}
	return nil
}
