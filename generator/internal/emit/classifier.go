package emit

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// classifierFunc writes a function that classifies.
func (e *emitter) classifierFunc(h *model.Classifier) *jen.Statement {
	owner := e.w.Interface.Name()
	if len(h.Users) == 1 && len(e.w.Classifiers) > 1 {
		owner += "." + h.Users[0].Name
	}
	if h.Results == nil {
		return e.errorClassifierFunc(h, owner)
	}
	return e.resultClassifierFunc(h, owner)
}

// errorClassifierFunc writes one that is asked about errors: its only step is a list.
func (e *emitter) errorClassifierFunc(h *model.Classifier, owner string) *jen.Statement {
	err := gosrc.Unused(e.Record(func() { e.cases(h.Steps[0].Errors, "", false) }), "err")
	return jen.Commentf("// %s classifies the errors that are listed for %s.", h.Name, owner).Line().
		Func().Id(h.Name).Params(jen.Id(err).Error()).Add(e.Runtime("Class")).
		Block(e.cases(h.Steps[0].Errors, err, false), jen.Return(e.Runtime("Undecided")))
}

// resultClassifierFunc writes one that is asked about all results.
func (e *emitter) resultClassifierFunc(h *model.Classifier, owner string) *jen.Statement {
	typeParams := e.w.TypeParams()
	used := e.Record(func() {
		e.Runtime("Undecided")
		for _, s := range h.Steps {
			if s.Errors != nil {
				e.cases(s.Errors, "", h.Verdict)
			} else {
				e.function(s.Function)
			}
		}
		for v := range h.Results.Variables() {
			e.Type(v.Type())
		}
		for p := range typeParams.TypeParams() {
			e.TypeParam(p)
		}
	})
	local := func(candidates ...string) string {
		name := gosrc.Unused(used, candidates...)
		used[name] = true
		return name
	}
	last := h.Results.Len() - 1
	var names []string
	var types []*jen.Statement
	var args []jen.Code
	for i := range h.Results.Len() {
		v := h.Results.At(i)
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
		types = append(types, e.Type(v.Type()))
		args = append(args, jen.Id(names[i]))
	}
	said := local("class")
	if h.Verdict {
		said = local("verdict")
	}
	var body []jen.Code
	for i, s := range h.Steps {
		call := e.function(s.Function)
		switch {
		case s.Errors != nil:
			body = append(body, e.cases(s.Errors, names[last], h.Verdict))
			continue
		case s.OfResults:
			if s.Function.Generic {
				call.Add(e.TypeParamNames(typeParams))
			}
			call.Call(args...)
		default:
			call.Call(args[last])
		}
		if h.Verdict && !s.Function.Verdict {
			call = e.verdictOf(call)
		}
		if i == len(h.Steps)-1 {
			body = append(body, jen.Return(call))
			break
		}
		class := jen.Id(said)
		if h.Verdict {
			class.Dot("Class")
		}
		decided := jen.If(jen.Id(said).Op(":=").Add(call), class.Op("!=").Add(e.Runtime("Undecided"))).Block(jen.Return(jen.Id(said)))
		if !s.OfResults {
			decided = jen.If(jen.Add(args[last]).Op("!=").Nil()).Block(decided)
		}
		body = append(body, decided)
	}
	return jen.Commentf("// %s classifies the results of %s.", h.Name, owner).Line().
		Func().Id(h.Name).Add(e.TypeParams(typeParams)).
		Params(gosrc.Grouped(names, types, h.Results, false)...).Add(e.classType(h.Verdict)).
		Block(body...)
}

// verdictOf writes a class as a verdict.
func (e *emitter) verdictOf(class *jen.Statement) *jen.Statement {
	return e.Runtime("Verdict").Values(keyed("Class", class))
}

// cases returns the class of a listed error, or the verdict with that class.
func (e *emitter) cases(lists []model.ListedError, err string, verdict bool) *jen.Statement {
	var clauses []jen.Code
	for start := 0; start < len(lists); {
		class := lists[start].Class
		var tests []jen.Code
		for ; start < len(lists) && lists[start].Class == class; start++ {
			tests = append(tests, e.test(lists[start], err))
		}
		decision := e.class(class)
		if verdict {
			decision = e.verdictOf(decision)
		}
		decide := jen.Return(decision)
		if class == lists[0].Class && start == len(lists) {
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
func (e *emitter) test(d model.ListedError, err string) *jen.Statement {
	errors := jen.Id(e.Import("errors", "errors"))
	if d.Type == nil {
		return errors.Dot("Is").Call(jen.Id(err), e.Qualified(d.Package, d.Name))
	}
	return errors.Dot("As").Call(jen.Id(err), jen.New(e.Type(d.Type)))
}
