package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// classifierFunc declares a function that classifies.
func (e *emitter) classifierFunc(c *model.Classifier) *jen.Statement {
	owner := e.w.Interface.Name()
	if len(c.Users) == 1 && len(e.w.Classifiers) > 1 {
		owner += "." + c.Users[0].Name
	}
	if c.Results == nil {
		return e.errorClassifierFunc(c, owner)
	}
	return e.resultClassifierFunc(c, owner)
}

// errorClassifierFunc declares one that classifies an error by a list.
func (e *emitter) errorClassifierFunc(c *model.Classifier, owner string) *jen.Statement {
	err := gosrc.Unused(e.Record(func() { e.cases(c.Steps[0].Errors, "", false) }), "err")
	return jen.Commentf("// %s classifies the errors that are listed for %s.", c.Name, owner).Line().
		Func().Id(c.Name).Params(jen.Id(err).Error()).Add(e.runtime("Class")).
		Block(e.cases(c.Steps[0].Errors, err, false), jen.Return(e.runtime("Undecided")))
}

// resultClassifierFunc declares one that classifies all results of a method.
func (e *emitter) resultClassifierFunc(c *model.Classifier, owner string) *jen.Statement {
	typeParams := e.w.TypeParams()
	used := e.Record(func() {
		e.runtime("Undecided")
		for _, s := range c.Steps {
			if s.Errors != nil {
				e.cases(s.Errors, "", c.Verdict)
			} else {
				e.function(s.Function)
			}
		}
		for v := range c.Results.Variables() {
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
	last := c.Results.Len() - 1
	var names []string
	var types []*jen.Statement
	var args []jen.Code
	for i := range c.Results.Len() {
		v := c.Results.At(i)
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
	decision := local("class")
	if c.Verdict {
		decision = local("verdict")
	}
	var body []jen.Code
	for i, s := range c.Steps {
		call := jen.Id(e.function(s.Function))
		switch {
		case s.Errors != nil:
			body = append(body, e.cases(s.Errors, names[last], c.Verdict))
			continue
		case s.OfResults:
			if s.Function.Generic {
				call.Add(e.TypeParamNames(typeParams))
			}
			call.Call(args...)
		default:
			call.Call(args[last])
		}
		if c.Verdict && !s.Function.Verdict {
			call = e.verdictOf(call)
		}
		if i == len(c.Steps)-1 {
			body = append(body, jen.Return(call))
			break
		}
		class := jen.Id(decision)
		if c.Verdict {
			class.Dot("Class")
		}
		step := jen.If(jen.Id(decision).Op(":=").Add(call), class.Op("!=").Add(e.runtime("Undecided"))).Block(jen.Return(jen.Id(decision)))
		if !s.OfResults {
			step = jen.If(jen.Add(args[last]).Op("!=").Nil()).Block(step)
		}
		body = append(body, step)
	}
	return jen.Commentf("// %s classifies the results of %s.", c.Name, owner).Line().
		Func().Id(c.Name).Add(e.TypeParams(typeParams)).
		Params(gosrc.Grouped(names, types, c.Results, false)...).Add(e.classType(c.Verdict)).
		Block(body...)
}

// verdictOf is a verdict with a class.
func (e *emitter) verdictOf(class jen.Code) *jen.Statement {
	return e.runtime("Verdict").Values(jen.Id("Class").Op(":").Add(class))
}

// cases returns the class of a listed error, or the verdict with that class.
func (e *emitter) cases(lists []model.ListedError, err string, verdict bool) *jen.Statement {
	var clauses []jen.Code
	for start := 0; start < len(lists); {
		class := lists[start].Class
		var tests []string
		for ; start < len(lists) && lists[start].Class == class; start++ {
			tests = append(tests, e.test(lists[start], err))
		}
		decision := jen.Id(e.class(class))
		if verdict {
			decision = e.verdictOf(decision)
		}
		decide := jen.Return(decision)
		if class == lists[0].Class && start == len(lists) {
			return jen.If(joined(tests, " ||")).Block(decide)
		}
		clauses = append(clauses, jen.Case(joined(tests, ",")).Block(decide))
	}
	return jen.Switch().Block(clauses...)
}

// joined puts an operator between expressions, on a line each if they are long together.
func joined(exprs []string, op string) *jen.Statement {
	text := strings.Join(exprs, op+" ")
	if len(text) > wide {
		text = strings.Join(exprs, op+"\n")
	}
	return jen.Id(text)
}

// test is a condition: an error is the listed one.
func (e *emitter) test(listed model.ListedError, err string) string {
	errors := e.Import("errors", "errors")
	if listed.Type == nil {
		return fmt.Sprintf("%s.Is(%s, %s)", errors, err, e.Qualified(listed.Package, listed.Name))
	}
	return fmt.Sprintf("%s.As(%s, new(%s))", errors, err, e.TypeText(listed.Type))
}
