package emit

import (
	"reflect"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
	resil "github.com/resilgen/resilgen/runtime"
)

// A spec builds the resil.Spec of a wrapper.
type spec struct {
	*printer
	w        *model.Wrapper
	policies []*policy // in the order of their first use
	of       map[*model.Method][]*policy
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
func newSpec(p *printer, w *model.Wrapper) *spec {
	s := &spec{printer: p, w: w, of: map[*model.Method][]*policy{}, states: map[string][]jen.Code{}}
	seen := map[string]bool{}
	state := func(field, owner string, v any) {
		if !seen[field+owner] {
			seen[field+owner] = true
			s.states[field] = append(s.states[field], jen.Lit(owner).Op(":").Add(composite(nil, p.fields(reflect.ValueOf(v)))))
		}
	}
	for _, m := range w.Methods {
		if !m.HasGuard() {
			continue
		}
		if policy := m.Policy.Timeout; policy != nil {
			s.use(m, "Timeout", *policy, func() *jen.Statement { return p.policy(*policy) })
		}
		if policy := m.Policy.Retry; policy != nil {
			s.use(m, "Retry", *policy, func() *jen.Statement { return p.policy(*policy) })
		} else if m.Policy.Hedge != nil && m.HedgeBudget > 0 {
			budget := resil.Retry{Budget: m.HedgeBudget}
			s.use(m, "Retry", budget, func() *jen.Statement { return p.policy(budget) })
		}
		if policy := m.Policy.Breaker; policy != nil {
			state("Breakers", m.States["breaker"], *policy)
		}
		if policy := m.Policy.Limit; policy != nil {
			limit := *policy
			if limit.Burst == limit.Rate.Count {
				limit.Burst = 0 // the runtime's to complete, so that it follows an override of the rate
			}
			state("Limits", m.States["limit"], limit)
		}
		if policy := m.Policy.Bulkhead; policy != nil {
			state("Bulkheads", m.States["bulkhead"], *policy)
		}
		if policy := m.Policy.Hedge; policy != nil {
			s.use(m, "Hedge", *policy, func() *jen.Statement { return p.policy(*policy) })
		}
		if len(m.Classifiers) > 0 {
			s.use(m, "Classify", m.Classifiers, func() *jen.Statement { return p.classify(m.Classifiers) })
		}
	}
	return s
}

// use gives the method a policy, which is written once for all that have it.
func (s *spec) use(m *model.Method, field string, value any, write func() *jen.Statement) {
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

func (p *printer) classify(classifiers []model.Function) *jen.Statement {
	var elems []jen.Code
	for _, c := range classifiers {
		elems = append(elems, p.function(c))
	}
	return composite(jen.Index().Add(p.Runtime("Classifier")), elems)
}

// variables declares the policies that several methods have, under names that
// are not taken.
func (s *spec) variables(taken map[string]bool) []jen.Code {
	var decls []jen.Code
	for _, v := range variable {
		for _, p := range s.policies {
			if p.field == v.field && p.users > 1 {
				p.name = gosrc.Unused(taken, v.name)
				taken[p.name] = true
				decls = append(decls, jen.Id(p.name).Op(":=").Add(p.code))
			}
		}
	}
	return decls
}

// literal is the spec, once variables has named what is shared.
func (s *spec) literal() *jen.Statement {
	fields := []jen.Code{keyed("Name", jen.Lit(s.w.Interface.Name()))}
	var methods []jen.Code
	for _, m := range s.w.Methods {
		if m.HasGuard() {
			methods = append(methods, s.method(m))
		}
	}
	if len(methods) == 0 {
		return s.Runtime("Spec").Values(fields...)
	}
	for _, guard := range []string{"Breaker", "Limit", "Bulkhead"} {
		if states := s.states[guard+"s"]; len(states) > 0 {
			fields = append(fields, keyed(guard+"s", jen.Map(jen.String()).Add(s.Runtime(guard)).Add(lines(states))))
		}
	}
	fields = append(fields, keyed("Methods", jen.Index().Add(s.Runtime("MethodSpec")).Add(lines(methods))))
	return s.Runtime("Spec").Add(lines(fields))
}

func (s *spec) method(m *model.Method) jen.Code {
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
