package emit

import (
	"cmp"
	"fmt"
	"go/types"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/generator/internal/sdk"
)

// classifierFunc declares a function that classifies.
func (e *emitter) classifierFunc(c *model.Classifier) *jen.Statement {
	owner := e.w.Interface.Name()
	if len(c.Users) == 1 && len(e.w.Classifiers) > 1 {
		owner += "." + c.Users[0].Name
	}
	switch {
	case c.Glue != nil:
		return e.glue(c)
	case c.Results == nil:
		return e.errorClassifierFunc(c, owner)
	}
	return e.resultClassifierFunc(c, owner)
}

// glue declares a function of a client library's recipe.
func (e *emitter) glue(c *model.Classifier) *jen.Statement {
	g := c.Glue
	importName := func(i sdk.Import) string {
		return e.Import(cmp.Or(g.Paths[i.Path], i.Path), i.Name)
	}
	used := e.Record(func() { g.Code("", importName, func(name string) string { return name }) })
	unused := func(name string) string {
		name = gosrc.Unused(used, name)
		used[name] = true
		return name
	}
	return comment(c.Name + " " + g.Doc).Id(g.Code(c.Name, importName, unused))
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
	used := e.Record(func() {
		e.Runtime("Undecided")
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
		for p := range e.w.TypeParams().TypeParams() {
			e.TypeParam(p)
		}
	})
	local := func(name string) string {
		name = gosrc.Unused(used, name)
		used[name] = true
		return name
	}
	var names []string
	var types []*jen.Statement
	for i := range c.Results.Len() {
		names = append(names, local(resultName(c.Results, i)))
		types = append(types, e.Type(c.Results.At(i).Type()))
	}
	decision := decision{local("class"), local("verdict")}
	var body []jen.Code
	for i, s := range c.Steps {
		body = append(body, e.step(c, s, names, decision, i == len(c.Steps)-1))
	}
	return jen.Commentf("// %s classifies the results of %s.", c.Name, owner).Line().
		Func().Id(c.Name).Add(e.TypeParams(e.w.TypeParams())).
		Params(gosrc.Grouped(names, types, c.Results, false)...).Add(e.classType(c.Verdict)).
		Block(body...)
}

// resultName is a name for a result: its own, or one that says what it is.
func resultName(results *types.Tuple, i int) string {
	last := results.Len() - 1
	switch name := results.At(i).Name(); {
	case name != "" && name != "_":
		return name
	case i == last:
		return "err"
	case last == 1:
		return "result"
	}
	return fmt.Sprintf("r%d", i)
}

// A decision has the names of the variables for what a step decides.
type decision struct{ class, verdict string }

// step returns the decision of a step, if there is one; the last step returns anyway.
// Names are those of the results.
func (e *emitter) step(c *model.Classifier, s model.Step, names []string, decision decision, last bool) jen.Code {
	err := names[len(names)-1]
	if s.Errors != nil {
		return e.cases(s.Errors, err, c.Verdict)
	}
	call := jen.Id(e.function(s.Function))
	if s.OfResults {
		if s.Function.Generic {
			call.Add(e.TypeParamNames(e.w.TypeParams()))
		}
		if s.Function.Generated != nil {
			names = []string{names[s.Result], err}
		}
		call.Call(jen.Id(strings.Join(names, ", ")))
	} else {
		call.Call(jen.Id(err))
	}
	wrap := c.Verdict && !s.Function.Verdict
	if last {
		if wrap {
			call = e.verdictOf(call)
		}
		return jen.Return(call)
	}
	class, result := jen.Id(decision.class), jen.Id(decision.class)
	variable := decision.class
	switch {
	case wrap:
		result = e.verdictOf(jen.Id(decision.class))
	case c.Verdict:
		variable = decision.verdict
		class, result = jen.Id(variable).Dot("Class"), jen.Id(variable)
	}
	code := jen.If(jen.Id(variable).Op(":=").Add(call), class.Op("!=").Add(e.runtime("Undecided"))).Block(jen.Return(result))
	if !s.OfResults {
		code = jen.If(jen.Id(err).Op("!=").Nil()).Block(code)
	}
	return code
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
