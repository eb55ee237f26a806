package generator

import (
	"fmt"

	"github.com/dave/jennifer/jen"
)

// helper writes a function that classifies.
func (e *emitter) helper(h *helper) *jen.Statement {
	owner := e.w.obj.Name()
	if len(h.users) == 1 && len(e.w.helpers) > 1 {
		owner += "." + h.users[0].Name
	}
	if h.results == nil {
		return e.classifier(h, owner)
	}
	return e.judge(h, owner)
}

// classifier writes one that is asked about errors: its only step is a list.
func (e *emitter) classifier(h *helper, owner string) *jen.Statement {
	err := fresh(e.record(func() { e.cases(h.steps[0].lists, "") }), "err")
	return jen.Commentf("// %s classifies the errors that are listed for %s.", h.name, owner).Line().
		Func().Id(h.name).Params(jen.Id(err).Error()).Add(e.resil("Class")).
		Block(e.cases(h.steps[0].lists, err), jen.Return(e.resil("Undecided")))
}

// judge writes one that is asked about all results.
func (e *emitter) judge(h *helper, owner string) *jen.Statement {
	typeParams := e.w.typeParams()
	used := e.record(func() {
		e.resil("Undecided")
		for _, s := range h.steps {
			if s.lists != nil {
				e.cases(s.lists, "")
			} else {
				e.function(s.fn)
			}
		}
		for v := range h.results.Variables() {
			e.typ(v.Type())
		}
		for p := range typeParams.TypeParams() {
			e.typeParam(p)
		}
	})
	local := func(candidates ...string) string {
		name := fresh(used, candidates...)
		used[name] = true
		return name
	}
	last := h.results.Len() - 1
	var names []string
	var types []*jen.Statement
	var args []jen.Code
	for i := range h.results.Len() {
		v := h.results.At(i)
		name := v.Name()
		switch {
		case name != "" && name != "_":
		case i == last:
			name = "err"
		case last == 1:
			name = "result"
		default:
			name = fmt.Sprintf("r%d", i)
		}
		names = append(names, local(name))
		types = append(types, e.typ(v.Type()))
		args = append(args, jen.Id(names[i]))
	}
	class := local("class")
	var body []jen.Code
	for i, s := range h.steps {
		call := e.function(s.fn)
		switch {
		case s.lists != nil:
			body = append(body, e.cases(s.lists, names[last]))
			continue
		case s.judges:
			if s.fn.generic {
				call.Add(e.typeParamNames(typeParams))
			}
			call.Call(args...)
		default:
			call.Call(args[last])
		}
		if i == len(h.steps)-1 {
			body = append(body, jen.Return(call))
			break
		}
		decided := jen.If(jen.Id(class).Op(":=").Add(call), jen.Id(class).Op("!=").Add(e.resil("Undecided"))).Block(jen.Return(jen.Id(class)))
		if !s.judges {
			decided = jen.If(jen.Add(args[last]).Op("!=").Nil()).Block(decided)
		}
		body = append(body, decided)
	}
	return jen.Commentf("// %s classifies the results of %s.", h.name, owner).Line().
		Func().Id(h.name).Add(e.typeParams(typeParams)).
		Params(grouped(names, types, h.results, false)...).Add(e.resil("Class")).
		Block(body...)
}

// cases returns the class of an error that is declared.
func (e *emitter) cases(lists []declared, err string) *jen.Statement {
	var clauses []jen.Code
	for start := 0; start < len(lists); {
		class := lists[start].class
		var tests []jen.Code
		for ; start < len(lists) && lists[start].class == class; start++ {
			tests = append(tests, e.test(lists[start], err))
		}
		decide := jen.Return(e.class(class))
		if class == lists[0].class && start == len(lists) {
			return jen.If(joined(tests, "||")).Block(decide)
		}
		clauses = append(clauses, jen.Case(joined(tests, ",")).Block(decide))
	}
	return jen.Switch().Block(clauses...)
}

// joined writes an operator between expressions, with a line for each if they are
// long.
func joined(exprs []jen.Code, op string) *jen.Statement {
	join := func(end jen.Code) *jen.Statement {
		code := jen.Add(exprs[0])
		for _, x := range exprs[1:] {
			code.Op(op).Add(end, x)
		}
		return code
	}
	if line := join(jen.Null()); len(fmt.Sprintf("%#v", line)) <= wide {
		return line
	}
	return join(jen.Line())
}

// test asks whether an error is the declared one.
func (e *emitter) test(d declared, err string) *jen.Statement {
	errors := jen.Id(e.imported("errors", "errors"))
	if d.typ == nil {
		return errors.Dot("Is").Call(jen.Id(err), e.qualified(d.pkg, d.name))
	}
	return errors.Dot("As").Call(jen.Id(err), jen.New(e.typ(d.typ)))
}
