package resil

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// Overrides change a client's policies at run time, in the grammar of the
// directives: by the name of what is changed, then by directive, as in
//
//	{"Store.Get": {"retry": "attempts=5 max=2s"}, "Store": {"breaker": "open=5s"}}
//
// A breaker, limit or bulkhead is addressed by its own name, as stats and errors
// show it. A timeout, retry or hedge is addressed by its method, or by the client
// for all methods that have one. For a client that [WithName] has named, such as
// "eu", "eu", "eu.Get" and "eu[Get*]" address what "Store", "Store.Get" and
// "Store[Get*]" do, and win over them. Overrides change numbers and modes of policies
// that are there. A name, key or value that changes nothing is an error.
type Overrides map[string]map[string]string

// WithOverrides applies o to the client's policies. It may be given once: [New]
// fails where it is given twice, and where o changes nothing or cannot be read.
func WithOverrides(o Overrides) Option {
	return func(opts *options) { opts.overrides = append(opts.overrides, o) }
}

// override applies o to the spec, whose policies must belong to it alone. Its error
// names everything that is wrong with o; the spec is then half changed.
func (s *Spec) override(o Overrides) error {
	var errs []error
	targets := s.targets()
	override := func(written string) {
		target, ok := s.target(written, targets)
		if !ok {
			errs = append(errs, fmt.Errorf("resil: override of %s: %s", written, directive.Unknown("name", written, s.names(targets))))
			return
		}
		for _, policy := range slices.Sorted(maps.Keys(o[written])) {
			if err := s.overridePolicy(target, policy, o[written][policy]); err != nil {
				errs = append(errs, fmt.Errorf("resil: override of %s: %s: %w", written, policy, err))
			}
		}
	}
	var own []string // names of this client alone, which go over those of its interface
	for _, written := range slices.Sorted(maps.Keys(o)) {
		if slices.Contains(targets, written) {
			override(written)
		} else {
			own = append(own, written)
		}
	}
	for _, written := range own {
		override(written)
	}
	return errors.Join(errs...)
}

// names returns all names by which targets may be addressed.
func (s *Spec) names(targets []string) []string {
	if s.own == "" {
		return targets
	}
	names := slices.Clone(targets)
	for _, target := range targets {
		if rest, found := strings.CutPrefix(target, s.Name); found {
			names = append(names, s.own+rest)
		}
	}
	return names
}

// target returns the one of targets that a name in overrides stands for. It may begin
// with the client's own name in place of its interface's.
func (s *Spec) target(written string, targets []string) (target string, ok bool) {
	if slices.Contains(targets, written) {
		return written, true
	}
	rest, found := strings.CutPrefix(written, s.own)
	target = s.Name + rest
	return target, s.own != "" && found && slices.Contains(targets, target)
}

// targets are the names that overrides may address, sorted.
func (s *Spec) targets() []string {
	names := []string{s.Name}
	for i := range s.Methods {
		m := &s.Methods[i]
		names = append(names, s.methodName(m))
		for _, guard := range m.guards {
			name, _ := guard.state()
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Spec) methodName(m *MethodSpec) string { return s.Name + "." + m.Name }

// overridePolicy applies text, the words of a directive, to the policy of that
// name which target addresses, once for each state and method that has it.
func (s *Spec) overridePolicy(target, policy, text string) error {
	words, problems := directive.Words(text)
	if len(problems) > 0 {
		return joined(problems)
	}
	if known := directive.Names(Policies{}); !slices.Contains(known, policy) {
		return errors.New(directive.Unknown("override", policy, known))
	}
	done := map[any]bool{} // policies that several methods share
	for i := range s.Methods {
		m := &s.Methods[i]
		changed, addressed := s.addressed(m, target, policy)
		if !addressed || done[changed] {
			continue
		}
		done[changed] = true
		if err := m.Policies.refine(policy, words); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		return s.unaddressed(target, policy)
	}
	if policy == "retry" && target == s.Name {
		s.spreadBudget()
	}
	return nil
}

// addressed returns a method's policy of that name if target addresses it: a guard
// by its own name, any other by the method's or the client's.
func (s *Spec) addressed(m *MethodSpec, target, policy string) (found any, ok bool) {
	for name, guard := range m.guards {
		if name == policy {
			own, _ := guard.state()
			return guard, own == target
		}
	}
	if target != s.Name && target != s.methodName(m) {
		return nil, false
	}
	switch {
	case policy == "timeout" && m.Timeout != nil:
		return m.Timeout, true
	case policy == "retry" && m.Retry != nil:
		return m.Retry, true
	case policy == "hedge" && m.Hedge != nil:
		return m.Hedge, true
	}
	return nil, false
}

// refine applies the words of an override to a policy that is there.
func (p *Policies) refine(policy string, words []directive.Word) error {
	set, problems := directive.Refine(p, policy, words)
	if len(problems) > 0 {
		return joined(problems)
	}
	if set[policy].Value == "off" {
		return errors.New("an override changes numbers and modes and cannot take a policy away; for a guard write mode=observe, for retry attempts=1")
	}
	if _, ok := set[policy+".per"]; ok {
		return errors.New("per is part of the generated code; change it in the directive")
	}
	if _, ok := set[policy+".scope"]; ok {
		return errors.New("scope decides what New connects; change it in the directive")
	}
	return nil
}

// spreadBudget gives methods that are hedged and not retried the budget that an
// override gave the client's retries.
func (s *Spec) spreadBudget() {
	budget := Ratio(0)
	for i := range s.Methods {
		if r := s.Methods[i].Retry; r != nil {
			budget = max(budget, r.Budget)
		}
	}
	for i := range s.Methods {
		if h := s.Methods[i].Hedge; h != nil && h.Budget > 0 && budget > 0 {
			h.Budget = budget
		}
	}
}

// unaddressed says what to write instead of an override that changes nothing.
func (s *Spec) unaddressed(target, policy string) error {
	isGuard := policy == "breaker" || policy == "limit" || policy == "bulkhead"
	var names []string
	for i := range s.Methods {
		m := &s.Methods[i]
		if !isGuard {
			names = append(names, s.methodName(m))
		}
		for kind, guard := range m.guards {
			name, _ := guard.state()
			if kind != policy {
				continue
			}
			if s.methodName(m) == target {
				return fmt.Errorf("%s shares it with others; address it as %q", m.Name, name)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if !isGuard && s.methodName(m) == target {
			return fmt.Errorf("%s has none; write the directive //resil:%s and generate again", m.Name, policy)
		}
	}
	switch {
	case len(names) == 0:
		return errors.New("the client has none")
	case isGuard:
		return fmt.Errorf("write %s", directive.OneOf(slices.Sorted(slices.Values(names))))
	case target == s.Name:
		return errors.New("no method has one")
	case strings.HasPrefix(target, s.Name+"["):
		return fmt.Errorf("address a %s by its method, as %s.Get, or by the client, %s", policy, s.Name, s.Name)
	}
	return fmt.Errorf("write %s", directive.OneOf(append(names, s.Name)))
}

// joined returns problems as one error.
func joined(problems []*directive.Problem) error {
	var errs []error
	for _, p := range problems {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}
