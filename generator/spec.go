package generator

import (
	"fmt"
	"reflect"

	"github.com/dave/jennifer/jen"
)

// A spec builds the resil.Spec of a wrapper.
type spec struct {
	*names
	w        *wrapper
	policies []*policy // in the order of their first use
	of       map[*method][]*policy
	breakers []jen.Code
	limits   []jen.Code
}

// A policy is a field of the specs of one or more methods. With several, a
// variable holds it.
type policy struct {
	field string
	key   string // the same for equal policies
	code  *jen.Statement
	users int
	name  string // of the variable
}

// variable is how a field's variables are called.
var variable = []struct{ field, name string }{
	{"Timeout", "timeout"}, {"Retry", "retry"}, {"Classify", "classifiers"},
}

// newSpec writes the policies of a wrapper's methods.
func newSpec(n *names, w *wrapper) *spec {
	s := &spec{names: n, w: w, of: map[*method][]*policy{}}
	seen := map[string]bool{}
	state := func(list *[]jen.Code, kind, owner string, v any) {
		if !seen[kind+owner] {
			seen[kind+owner] = true
			*list = append(*list, jen.Lit(owner).Op(":").Add(composite(nil, n.fields(reflect.ValueOf(v)))))
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
		}
		if p := m.Policy.Breaker; p != nil {
			state(&s.breakers, "breaker", m.Owners["breaker"], *p)
		}
		if p := m.Policy.Limit; p != nil {
			state(&s.limits, "limit", m.Owners["limit"], *p)
		}
		if len(m.classifiers) > 0 {
			s.use(m, "Classify", m.classifiers, func() *jen.Statement { return n.classify(m.classifiers) })
		}
	}
	return s
}

// use gives the method a policy, which is written once for all that have it.
func (s *spec) use(m *method, field string, value any, write func() *jen.Statement) {
	key := fmt.Sprintf("%s %v", field, value)
	for _, p := range s.policies {
		if p.key == key {
			p.users++
			s.of[m] = append(s.of[m], p)
			return
		}
	}
	p := &policy{field: field, key: key, code: write(), users: 1}
	s.policies = append(s.policies, p)
	s.of[m] = append(s.of[m], p)
}

func (n *names) classify(classifiers []classifier) *jen.Statement {
	var elems []jen.Code
	for _, c := range classifiers {
		if c.pkg == nil {
			elems = append(elems, n.resil(c.name))
		} else {
			elems = append(elems, n.qualified(c.pkg, c.name))
		}
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
	if len(s.breakers) > 0 {
		fields = append(fields, keyed("Breakers", jen.Map(jen.String()).Add(s.resil("Breaker")).Add(lines(s.breakers))))
	}
	if len(s.limits) > 0 {
		fields = append(fields, keyed("Limits", jen.Map(jen.String()).Add(s.resil("Limit")).Add(lines(s.limits))))
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
		entry = append(entry, keyed("Breaker", jen.Lit(m.Owners["breaker"])))
	}
	if m.Policy.Limit != nil {
		entry = append(entry, keyed("Limit", jen.Lit(m.Owners["limit"])))
	}
	add("Classify")
	return composite(nil, entry)
}
