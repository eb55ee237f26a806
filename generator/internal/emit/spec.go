package emit

import (
	"cmp"
	"reflect"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// A spec writes the resil.Spec of a wrapper. What more than one place refers to is
// written once, in a variable.
type spec struct {
	*printer
	e     *emitter
	parts []part // of all policy sets
	sets  []*policySet
	lists []part // of classifiers

	setOf   map[*model.Method]*policySet
	listOf  map[*model.Method]*shared // of those with classifiers
	shared  []*shared                 // in the order of their declarations
	methods []string                  // the entries of the spec
}

// A shared is a value that several places refer to.
type shared struct {
	name  string // preferred name of the variable
	code  string
	users int
	local string // the variable's
}

// A policySet is what several methods have in common.
type policySet struct {
	shared
	parts []part
}

// A part is a field of a policy set.
type part struct {
	field string
	value any
	*shared
}

// newSpec writes the policies and the classifiers of a wrapper's methods.
func newSpec(e *emitter) *spec {
	s := &spec{printer: e.printer, e: e, setOf: map[*model.Method]*policySet{}, listOf: map[*model.Method]*shared{}}
	for _, m := range e.w.Methods {
		if !m.HasGuard() {
			continue
		}
		set := &policySet{shared: shared{name: "policies", users: 1}}
		for _, p := range policies(m) {
			p.shared = s.once(&s.parts, p, func() string { return s.pointer(p.value) })
			set.parts = append(set.parts, p)
		}
		s.setOf[m] = add(&s.sets, set)
		if len(m.Classifiers) > 0 {
			p := part{field: "Classify", value: m.Classifiers}
			s.listOf[m] = s.once(&s.lists, p, func() string { return s.classify(m.Classifiers) })
			s.listOf[m].users++
		}
	}
	for _, set := range s.sets {
		for _, p := range set.parts {
			p.users++
		}
	}
	return s
}

// name names the variables and writes the entries of the spec, for a constructor in which
// the names that are taken have another meaning. It takes the names of the variables too.
func (s *spec) name(receiver string, taken map[string]bool) {
	declare := func(v *shared) {
		if v.users > 1 {
			v.local = gosrc.Unused(taken, v.name)
			taken[v.local] = true
			s.shared = append(s.shared, v)
		}
	}
	for _, p := range s.parts {
		declare(p.shared)
	}
	for _, set := range s.sets {
		if len(set.parts) > 0 {
			set.code = s.set(set)
			declare(&set.shared)
		}
	}
	for _, p := range s.lists {
		declare(p.shared)
	}
	for _, m := range s.e.w.Methods {
		if !m.HasGuard() {
			continue
		}
		entry := []string{
			keyed("Name", strconv.Quote(m.Name)),
			keyed("Method", "&"+receiver+"."+s.e.fields[m.Name]),
		}
		if set := s.setOf[m]; len(set.parts) > 0 {
			entry = append(entry, keyed("Policies", set.refer()))
		}
		if m.Policy.Idempotent != nil && m.Policy.Retry != nil {
			entry = append(entry, keyed("Idempotent", "true"))
		}
		if m.Outlives() {
			entry = append(entry, keyed("Outlives", "true"))
		}
		if list := s.listOf[m]; list != nil {
			entry = append(entry, keyed("Classify", list.refer()))
		}
		s.methods = append(s.methods, composite("", entry))
	}
}

// policies are the parts of a method's policy set, each under the name that its
// variable is to have if it can.
func policies(m *model.Method) (parts []part) {
	add := func(field, name string, value any) {
		parts = append(parts, part{field, value, &shared{name: name}})
	}
	p := m.Policy
	if p.Timeout != nil {
		add("Timeout", "timeout", *p.Timeout)
	}
	if p.Retry != nil {
		add("Retry", "retry", *p.Retry)
	}
	if p.Breaker != nil {
		breaker := *p.Breaker
		breaker.Name = m.States["breaker"]
		add("Breaker", "breaker", breaker)
	}
	if p.Limit != nil {
		limit := *p.Limit
		limit.Name = m.States["limit"]
		if limit.Burst == limit.Rate.Count {
			limit.Burst = 0 // the runtime's to complete, so that it follows an override of the rate
		}
		add("Limit", "limit", limit)
	}
	if p.Bulkhead != nil {
		bulkhead := *p.Bulkhead
		bulkhead.Name = m.States["bulkhead"]
		add("Bulkhead", "bulkhead", bulkhead)
	}
	if p.Hedge != nil {
		hedge := *p.Hedge
		if p.Retry == nil {
			hedge.Budget = m.HedgeBudget
		}
		add("Hedge", "hedge", hedge)
	}
	return parts
}

// once returns the part of the list that holds the same value, adding it if there is
// none.
func (s *spec) once(list *[]part, p part, write func() string) *shared {
	for _, other := range *list {
		if other.field == p.field && reflect.DeepEqual(other.value, p.value) {
			return other.shared
		}
	}
	if p.shared == nil {
		p.shared = &shared{name: "classifiers"}
	}
	p.code = write()
	*list = append(*list, p)
	return p.shared
}

// add returns the set of the list that is the same, adding it if there is none.
func add(list *[]*policySet, set *policySet) *policySet {
	for _, other := range *list {
		if reflect.DeepEqual(other.parts, set.parts) {
			other.users++
			return other
		}
	}
	*list = append(*list, set)
	return set
}

// refer is how another place refers to the value: by its variable, or as it is.
func (v *shared) refer() string { return cmp.Or(v.local, v.code) }

// pointer writes a policy as a pointer to a literal.
func (p *printer) pointer(policy any) string { return "&" + p.policy(policy) }

// set writes a policy set as a literal.
func (s *spec) set(set *policySet) string {
	var fields []string
	for _, p := range set.parts {
		fields = append(fields, keyed(p.field, p.refer()))
	}
	return composite(s.Runtime("Policies"), fields)
}

// classify writes a list of classifiers.
func (p *printer) classify(classifiers []model.Function) string {
	var elems []string
	for _, c := range classifiers {
		if fn := p.function(c); c.Verdict {
			elems = append(elems, fn)
		} else {
			elems = append(elems, p.Runtime("ClassifierOf")+"("+fn+")")
		}
	}
	return composite("[]"+p.Runtime("Classifier"), elems)
}

// variables declares what several places refer to.
func (s *spec) variables() (decls []jen.Code) {
	for _, v := range s.shared {
		decls = append(decls, jen.Id(v.local).Op(":=").Id(v.code))
	}
	return decls
}

// literal is the spec itself.
func (s *spec) literal() string {
	name := keyed("Name", strconv.Quote(s.e.w.Interface.Name()))
	if len(s.methods) == 0 {
		return s.Runtime("Spec") + oneLine([]string{name})
	}
	return s.Runtime("Spec") + lines([]string{
		name,
		keyed("Methods", "[]"+s.Runtime("MethodSpec")+lines(s.methods)),
	})
}
