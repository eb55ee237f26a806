package resil

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/resilgen/resilgen/internal/directive"
)

// SupportVersion1 is referred to by generated code, so that code and runtime agree
// at compile time. Where it is undefined, the generated code is newer than the
// runtime: upgrade github.com/resilgen/resilgen, or generate again with the
// version in go.mod.
const SupportVersion1 = true

// A Spec describes a client: its methods and their policies. Generated
// constructors hold one as a literal.
//
// Methods that point to one Breaker, Limit or Bulkhead share its state; where it
// has a Per, there is one for each key.
type Spec struct {
	Name    string       // of the client, as errors and stats show it
	Methods []MethodSpec // in the order in which stats show them

	own string // of WithName; empty for none
}

// shownName is the client's name in stats, errors and events.
func (s *Spec) shownName() string { return cmp.Or(s.own, s.Name) }

// A MethodSpec describes one method.
type MethodSpec struct {
	Name       string       // as errors and stats show it, after the client's
	Method     Target       // where New puts the method; nil if [Client.Method] is to find it
	Policies                // nil for none
	Idempotent bool         // safe to repeat: a cancellation that is not the caller's is retried too
	Outlives   bool         // its results are used after the call: see [NewHold]
	Classify   []Classifier // asked in order, before [Network]
}

// A Target is where [New] puts a method of a client: a *[Method] or, where a guard
// is kept by key, a *[KeyedMethod].
type Target interface {
	bind(c *Client, p *plan) *Method
}

// check returns everything that is wrong with a spec. Generated ones pass; this is
// for those written by hand and for overrides.
func (s *Spec) check() error {
	var errs []error
	wrong := func(method string, err error) {
		errs = append(errs, fmt.Errorf("resil: %s.%s: %w", s.Name, method, err))
	}
	if s.Name == "" {
		errs = append(errs, errors.New("resil: the client has no Name, by which stats and errors show it"))
	}
	methods := map[string]bool{}
	guards := map[string]any{} // by kind and name
	var budget Ratio
	for i := range s.Methods {
		m := &s.Methods[i]
		if m.Name == "" {
			wrong("?", errors.New("the method has no Name, by which stats and errors show it"))
		}
		if methods[m.Name] {
			wrong(m.Name, errors.New("there are two methods of this name; give one another name"))
		}
		methods[m.Name] = true
		for _, p := range directive.CheckRanges(&m.Policies) {
			wrong(m.Name, p)
		}
		for _, p := range m.Policies.Check() {
			wrong(m.Name, p)
		}
		for kind, guard := range m.guards {
			name, _ := guard.state()
			if name == "" {
				wrong(m.Name, fmt.Errorf("its %s has no Name, by which stats and errors show it", kind))
				continue
			}
			if other, ok := guards[kind+" "+name]; ok && other != any(guard) {
				wrong(m.Name, fmt.Errorf("there are two %ss called %s: let the methods point to one, or give one another name", kind, name))
			}
			guards[kind+" "+name] = guard
		}
		if b := m.budget(); b < 0 || b > hundredPercent {
			wrong(m.Name, fmt.Errorf("retry budget: %s is not between 0%% and 100%%", b))
		} else if b != 0 {
			if budget != 0 && b != budget {
				wrong(m.Name, fmt.Errorf("the retry budget is the client's: %s here and %s before it; use one", b, budget))
			}
			budget = b
		}
	}
	return errors.Join(errs...)
}

// budget is what the client may spend of its answers on retries and hedges, 0 for no
// bound. It is the same in all methods that have one.
func (s *Spec) budget() (share Ratio) {
	for i := range s.Methods {
		share = max(share, s.Methods[i].budget())
	}
	return share
}

// clone returns a copy that shares no policy with s. Methods that share a guard in s
// share its copy.
func (s Spec) clone() Spec {
	methods := make([]MethodSpec, len(s.Methods))
	breakers, limits, bulkheads := copies[Breaker]{}, copies[Limit]{}, copies[Bulkhead]{}
	for i, m := range s.Methods {
		m.Timeout, m.Retry, m.Hedge = copyOf(m.Timeout), copyOf(m.Retry), copyOf(m.Hedge)
		m.Breaker, m.Limit, m.Bulkhead = breakers.of(m.Breaker), limits.of(m.Limit), bulkheads.of(m.Bulkhead)
		methods[i] = m
	}
	s.Methods = methods
	return s
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// copies are the copies of shared policies, by their originals.
type copies[T any] map[*T]*T

func (c copies[T]) of(p *T) *T {
	if p != nil && c[p] == nil {
		c[p] = copyOf(p)
	}
	return c[p]
}
