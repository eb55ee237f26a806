package generator

import (
	"reflect"

	"github.com/dave/jennifer/jen"

	resil "github.com/resilgen/resilgen/runtime"
)

// A spec builds the resil.Spec of a wrapper.
type spec struct {
	*names
	w        *wrapper
	policies []*policy // in the order of their first use
	of       map[*method][]*policy
	states   map[string][]jen.Code // by their field of the spec
}

// A policy is a field of the specs of one or more methods. With several, a
// variable holds it.
type policy struct {
	field string
	value any
	code  *jen.Statement
	users int
	name  string // of the variable
}

// variable is how a field's variables are called.
var variable = []struct{ field, name string }{
	{"Timeout", "timeout"}, {"Retry", "retry"}, {"Hedge", "hedge"}, {"Classify", "classifiers"},
}

// newSpec writes the policies of a wrapper's methods.
func newSpec(n *names, w *wrapper) *spec {
	s := &spec{names: n, w: w, of: map[*method][]*policy{}, states: map[string][]jen.Code{}}
	seen := map[string]bool{}
	state := func(field, owner string, v any) {
		if !seen[field+owner] {
			seen[field+owner] = true
			s.states[field] = append(s.states[field], jen.Lit(owner).Op(":").Add(composite(nil, n.fields(reflect.ValueOf(v)))))
		}
	}
	for _, m := range w.methods {
		if !m.guarded() {
			continue
		}
		if p := m.Policy.Timeout; p != nil {
			s.use(m, "Timeout", *p, func() *jen.Statement { return n.policy(*p) })
		}
		if p := m.Policy.Retry; p != nil {
			s.use(m, "Retry", *p, func() *jen.Statement { return n.policy(*p) })
		} else if m.Policy.Hedge != nil && m.hedgeBudget > 0 {
			budget := resil.Retry{Budget: m.hedgeBudget}
			s.use(m, "Retry", budget, func() *jen.Statement { return n.policy(budget) })
		}
		if p := m.Policy.Breaker; p != nil {
			state("Breakers", m.States["breaker"], *p)
		}
		if p := m.Policy.Limit; p != nil {
			limit := *p
			if limit.Burst == limit.Rate.Count {
				limit.Burst = 0 // the runtime's to complete, so that it follows an override of the rate
			}
			state("Limits", m.States["limit"], limit)
		}
		if p := m.Policy.Bulkhead; p != nil {
			state("Bulkheads", m.States["bulkhead"], *p)
		}
		if p := m.Policy.Hedge; p != nil {
			s.use(m, "Hedge", *p, func() *jen.Statement { return n.policy(*p) })
		}
		if len(m.classifiers) > 0 {
			s.use(m, "Classify", m.classifiers, func() *jen.Statement { return n.classify(m.classifiers) })
		}
	}
	return s
}

// use gives the method a policy, which is written once for all that have it.
func (s *spec) use(m *method, field string, value any, write func() *jen.Statement) {
	for _, p := range s.policies {
		if p.field == field && reflect.DeepEqual(p.value, value) {
			p.users++
			s.of[m] = append(s.of[m], p)
			return
		}
	}
	p := &policy{field: field, value: value, code: write(), users: 1}
	s.policies = append(s.policies, p)
	s.of[m] = append(s.of[m], p)
}

func (n *names) classify(classifiers []function) *jen.Statement {
	var elems []jen.Code
	for _, c := range classifiers {
		elems = append(elems, n.function(c))
	}
	return composite(jen.Index().Add(n.resil("Classifier")), elems)
}

// variables declares the policies that several methods have, under names that
// are not taken.
func (s *spec) variables(taken map[string]bool) []jen.Code {
	var decls []jen.Code
	for _, v := range variable {
		for _, p := range s.policies {
			if p.field == v.field && p.users > 1 {
				p.name = fresh(taken, v.name)
				taken[p.name] = true
				decls = append(decls, jen.Id(p.name).Op(":=").Add(p.code))
			}
		}
	}
	return decls
}

// literal is the spec, once variables has named what is shared.
func (s *spec) literal() *jen.Statement {
	fields := []jen.Code{keyed("Name", jen.Lit(s.w.obj.Name()))}
	var methods []jen.Code
	for _, m := range s.w.methods {
		if m.guarded() {
			methods = append(methods, s.method(m))
		}
	}
	if len(methods) == 0 {
		return s.resil("Spec").Values(fields...)
	}
	for _, guard := range []string{"Breaker", "Limit", "Bulkhead"} {
		if states := s.states[guard+"s"]; len(states) > 0 {
			fields = append(fields, keyed(guard+"s", jen.Map(jen.String()).Add(s.resil(guard)).Add(lines(states))))
		}
	}
	fields = append(fields, keyed("Methods", jen.Index().Add(s.resil("MethodSpec")).Add(lines(methods))))
	return s.resil("Spec").Add(lines(fields))
}

func (s *spec) method(m *method) jen.Code {
	entry := []jen.Code{keyed("Name", jen.Lit(m.Name))}
	add := func(field string) {
		for _, p := range s.of[m] {
			switch {
			case p.field != field:
			case p.name != "":
				entry = append(entry, keyed(field, jen.Id(p.name)))
			default:
				entry = append(entry, keyed(field, p.code))
			}
		}
	}
	add("Timeout")
	add("Retry")
	if m.Policy.Breaker != nil {
		entry = append(entry, keyed("Breaker", jen.Lit(m.States["breaker"])))
	}
	if m.Policy.Limit != nil {
		entry = append(entry, keyed("Limit", jen.Lit(m.States["limit"])))
	}
	if m.Policy.Bulkhead != nil {
		entry = append(entry, keyed("Bulkhead", jen.Lit(m.States["bulkhead"])))
	}
	add("Hedge")
	add("Classify")
	return composite(nil, entry)
}
