package resil

import (
	"errors"
	"fmt"

	"github.com/resilgen/resilgen/internal/directive"
)

// SupportVersion1 is referred to by generated code. When it is undefined, the
// generated code is newer than the runtime: upgrade
// github.com/resilgen/resilgen, or generate again with the version in go.mod.
const SupportVersion1 = true

// A Spec describes a client: its methods, their policies, and the state that
// they share. Generated constructors hold one as a literal.
//
// Breakers, Limits and Bulkheads are the client's state by name. Methods that
// refer to one name share one breaker, limiter or bulkhead; where it has a Per,
// one for each key.
type Spec struct {
	Name      string // the client's, as errors and stats show it
	Breakers  map[string]Breaker
	Limits    map[string]Limit
	Bulkheads map[string]Bulkhead
	Methods   []MethodSpec
}

// A MethodSpec describes one method. The zero value of each policy is none.
type MethodSpec struct {
	Name     string
	Timeout  Timeout
	Retry    Retry
	Breaker  string       // the name of one of Spec.Breakers
	Limit    string       // the name of one of Spec.Limits
	Bulkhead string       // the name of one of Spec.Bulkheads
	Hedge    Hedge        // for calls through Hedged
	Classify []Classifier // asked in order, Network last
}

// A Classifier says what class an error is, or Undecided to leave it to the next
// classifier. It is called with errors only, never nil, from any goroutine.
type Classifier func(error) Class

// check finds what is wrong with a spec. Generated ones pass; this is for those
// written by hand and for overrides.
func (s *Spec) check() error {
	var errs []error
	wrong := func(method string, p *directive.Problem) {
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
		for _, p := range directive.CheckRanges(&policy) {
			wrong(m.Name, p)
		}
		for _, p := range policy.Check() {
			wrong(m.Name, p)
		}
		if b := m.Retry.Budget; b < 0 || b > whole {
			errs = append(errs, fmt.Errorf("resil: %s.%s: retry budget: %s is not between 0%% and 100%%", s.Name, m.Name, b))
		} else if b != 0 {
			if budget != 0 && b != budget {
				errs = append(errs, fmt.Errorf("resil: %s.%s: the retry budget is the client's: %s here and %s before it; use one", s.Name, m.Name, b, budget))
			}
			budget = b
		}
	}
	return errors.Join(errs...)
}

// policy gathers what guards one method.
func (s *Spec) policy(m *MethodSpec) (p Policies, err error) {
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
	if m.Bulkhead != "" {
		b, ok := s.Bulkheads[m.Bulkhead]
		if !ok {
			return p, fmt.Errorf("resil: %s.%s: there is no bulkhead %q", s.Name, m.Name, m.Bulkhead)
		}
		p.Bulkhead = &b
	}
	if m.Hedge != (Hedge{}) {
		p.Hedge = &m.Hedge
	}
	p.Complete()
	return p, nil
}
