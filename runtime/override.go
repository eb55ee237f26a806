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
// for all methods that have one. Overrides change numbers and modes of policies
// that are there: what a name, key or value cannot change is an error.
type Overrides map[string]map[string]string

// WithOverrides applies o. With several, the last one counts.
func WithOverrides(o Overrides) Option { return func(opts *options) { opts.overrides = o } }

// override returns a copy of the spec with o applied.
func (s Spec) override(o Overrides) (Spec, error) {
	if len(o) == 0 {
		return s, nil
	}
	s.Breakers, s.Limits, s.Bulkheads = maps.Clone(s.Breakers), maps.Clone(s.Limits), maps.Clone(s.Bulkheads)
	s.Methods = slices.Clone(s.Methods)
	var errs []error
	targets := s.targets()
	for _, target := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(targets, target) {
			errs = append(errs, fmt.Errorf("resil: override of %s: %s", target, directive.Unknown("name", target, targets)))
			continue
		}
		for _, policy := range slices.Sorted(maps.Keys(o[target])) {
			if err := s.overrideOne(target, policy, o[target][policy]); err != nil {
				errs = append(errs, fmt.Errorf("resil: override of %s: %s: %w", target, policy, err))
			}
		}
	}
	return s, errors.Join(errs...)
}

// targets are the names that overrides may address.
func (s *Spec) targets() []string {
	names := []string{s.Name}
	for i := range s.Methods {
		names = append(names, s.Name+"."+s.Methods[i].Name)
	}
	names = slices.AppendSeq(names, maps.Keys(s.Breakers))
	names = slices.AppendSeq(names, maps.Keys(s.Limits))
	names = slices.AppendSeq(names, maps.Keys(s.Bulkheads))
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Spec) overrideOne(target, policy, text string) error {
	words, problems := directive.Words(text)
	if len(problems) > 0 {
		return joined(problems)
	}
	refine := func(p *Policies) error {
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
		return nil
	}
	switch policy {
	case "breaker":
		return overrideGuard(s, s.Breakers, target, func(m *MethodSpec) string { return m.Breaker }, func(b *Breaker) error { return refine(&Policies{Breaker: b}) })
	case "limit":
		return overrideGuard(s, s.Limits, target, func(m *MethodSpec) string { return m.Limit }, func(l *Limit) error { return refine(&Policies{Limit: l}) })
	case "bulkhead":
		return overrideGuard(s, s.Bulkheads, target, func(m *MethodSpec) string { return m.Bulkhead }, func(b *Bulkhead) error { return refine(&Policies{Bulkhead: b}) })
	case "timeout":
		return s.overrideMethods(target, policy, func(m *MethodSpec) bool { return m.Timeout != (Timeout{}) }, func(m *MethodSpec) error { return refine(&Policies{Timeout: &m.Timeout}) })
	case "retry":
		// Methods that are hedged and not retried have a budget alone.
		has := func(m *MethodSpec) bool { return m.Retry.Attempts > 0 || target == s.Name && m.Retry.Budget > 0 }
		return s.overrideMethods(target, policy, has, func(m *MethodSpec) error {
			retried := m.Retry.Attempts > 0
			err := refine(&Policies{Retry: &m.Retry})
			if !retried {
				m.Retry = Retry{Budget: m.Retry.Budget}
			}
			return err
		})
	case "hedge":
		return s.overrideMethods(target, policy, func(m *MethodSpec) bool { return m.Hedge != (Hedge{}) }, func(m *MethodSpec) error { return refine(&Policies{Hedge: &m.Hedge}) })
	}
	return errors.New(directive.Unknown("override", policy, []string{"timeout", "retry", "breaker", "limit", "bulkhead", "hedge"}))
}

// overrideGuard changes the guard named target among guards.
func overrideGuard[P any](s *Spec, guards map[string]P, target string, of func(*MethodSpec) string, refine func(*P) error) error {
	guard, ok := guards[target]
	if !ok {
		for i := range s.Methods {
			if m := &s.Methods[i]; s.Name+"."+m.Name == target && of(m) != "" {
				return fmt.Errorf("%s shares it with others; address it as %q", m.Name, of(m))
			}
		}
		if len(guards) == 0 {
			return errors.New("the client has none")
		}
		return fmt.Errorf("write %s", directive.OneOf(slices.Sorted(maps.Keys(guards))))
	}
	if err := refine(&guard); err != nil {
		return err
	}
	guards[target] = guard
	return nil
}

// overrideMethods changes the method that target names, or all that have the
// policy where it names the client.
func (s *Spec) overrideMethods(target, policy string, has func(*MethodSpec) bool, refine func(*MethodSpec) error) error {
	var names []string
	found := false
	for i := range s.Methods {
		m := &s.Methods[i]
		name := s.Name + "." + m.Name
		names = append(names, name)
		if target != s.Name && target != name {
			continue
		}
		if !has(m) {
			if target == name {
				return fmt.Errorf("%s has none; write the directive //resil:%s and generate again", m.Name, policy)
			}
			continue
		}
		found = true
		if err := refine(m); err != nil {
			return err
		}
	}
	switch {
	case found:
		return nil
	case target == s.Name:
		return errors.New("no method has one")
	case strings.HasPrefix(target, s.Name+"["):
		return fmt.Errorf("address a %s by its method, as %s.Get, or by the client, %s", policy, s.Name, s.Name)
	}
	return fmt.Errorf("write %s", directive.OneOf(append(names, s.Name)))
}

// joined are problems as one error.
func joined(problems []*directive.Problem) error {
	var errs []error
	for _, p := range problems {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}
