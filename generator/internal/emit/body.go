package emit

import (
	"fmt"
	"go/types"
	"maps"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// guarded writes the body of a method whose calls go through the runtime.
func (e *emitter) guarded(m *model.Method, v locals, results []*jen.Statement) []jen.Code {
	method := jen.Op("&").Id(e.receiver).Dot(e.fields[m.Name]) // a pointer
	if m.Key != nil {
		method = jen.Id(e.receiver).Dot(e.fields[m.Name]).Dot("For").Call(jen.Id(e.keyCode(m, v.params)))
	}
	context := jen.Id(e.Import("context", "context"))
	outer, inner := context.Clone().Dot("Background").Call(), context.Clone().Dot("Context")
	if m.Context >= 0 {
		outer, inner = jen.Id(v.params[m.Context]), jen.Id(v.params[m.Context]).Add(inner)
	}
	var body []jen.Code
	if m.Key != nil && m.Policy.Fallback != nil {
		body = append(body, jen.Id(v.method).Op(":=").Add(method))
		method = jen.Id(v.method)
	}
	var judge jen.Code // of what the entry hands on
	if m.ResultClassifier != nil {
		judge = e.resultClassifier(m)
	}
	run := func(entry string, results jen.Code, body []jen.Code, more ...jen.Code) *jen.Statement {
		args := []jen.Code{outer, method, jen.Func().Params(inner).Add(results).Block(body...)}
		if m.ResultClassifier != nil {
			entry += "Classified"
			args = append(args, judge)
		}
		return e.Runtime(entry).Call(append(args, more...)...)
	}
	call := e.call(e.next, m, arguments(m, v))

	var outcome []jen.Code // what the method returns unless a fallback answers
	for _, name := range v.results {
		outcome = append(outcome, jen.Id(name))
	}
	last := len(v.results) - 1
	switch m.Form {
	case model.Captured:
		if m.ResultClassifier != nil {
			judge = e.classifyResults(m, v, outcome)
		}
		var attempt []jen.Code
		if m.Policy.Retry != nil {
			attempt = e.release(m, outcome) // of the attempt before
		}
		attempt = append(attempt,
			jen.Var().Id(v.err).Error(),
			jen.List(append(append([]jen.Code{}, outcome[:last]...), jen.Id(v.err))...).Op("=").Add(call),
			jen.Return(jen.Id(v.err)))
		body = append(body, jen.Add(outcome[last]).Op("=").Add(run("Run", jen.Error(), attempt)))
	case model.HedgedError:
		none := jen.Struct()
		attempt := []jen.Code{jen.Return(none.Clone().Values(), call)}
		body = append(body, jen.List(jen.Id("_"), outcome[0]).Op(":=").Add(run("Hedged", jen.Params(none, jen.Error()), attempt, jen.Nil())))
	case model.HedgedValues:
		var fields, assigned []jen.Code
		for i := range last {
			fields = append(fields, jen.Id(v.results[i]).Add(results[i]))
			outcome[i] = jen.Id(v.attempt).Dot(v.results[i])
		}
		assigned = append(append(assigned, outcome[:last]...), outcome[last])
		lane := jen.Id(v.attempt).Id(v.attemptType)
		if m.ResultClassifier != nil {
			judge = jen.Func().Params(lane, jen.Add(outcome[last]).Error()).Add(e.classType(m.ResultClassifier.Verdict)).
				Block(jen.Return(e.resultClassifier(m).Call(outcome...)))
		}
		body = append(body,
			jen.Type().Id(v.attemptType).Struct(fields...),
			jen.List(jen.Id(v.attempt), outcome[last]).Op(":=").Add(run("Hedged", jen.Params(lane, jen.Add(outcome[last]).Error()),
				[]jen.Code{jen.List(assigned...).Op("=").Add(call), jen.Return(jen.Id(v.attempt), outcome[last])},
				e.discard(m, lane, outcome))))
	default:
		attempt := []jen.Code{jen.Return(call)}
		var through *jen.Statement
		switch m.Form {
		case model.HedgedValue:
			through = run("Hedged", resultList(results), attempt, e.discard(m, jen.Id(v.results[0]).Add(results[0]), outcome))
		case model.OneValue:
			through = run("Call", resultList(results), attempt)
		default:
			through = run("Run", jen.Error(), attempt)
		}
		if m.Policy.Fallback == nil {
			return append(body, jen.Return(through))
		}
		body = append(body, jen.List(outcome...).Op(":=").Add(through))
	}
	if m.Policy.Fallback != nil {
		cause := outcome[last]
		value := method
		if m.Key == nil {
			value = jen.Id(e.receiver).Dot(e.fields[m.Name])
		}
		falls := jen.Add(value).Dot("FallsBack").Call(outer, cause)
		if m.ResultClassifier != nil {
			cause = jen.Id(v.cause)
			falls = jen.Add(cause).Op(":=").Add(e.Runtime("FallsBackClassified")).Call(outer, method, outcome[last], e.classifyResults(m, v, outcome)).
				Op(";").Add(cause).Op("!=").Nil()
		}
		answer := append(e.release(m, outcome), jen.Return(e.substitute(m, v, cause)))
		body = append(body, jen.If(falls).Block(answer...))
	}
	return append(body, jen.Return(outcome...))
}

// resultClassifier is the function that classifies all results of a method.
func (e *emitter) resultClassifier(m *model.Method) *jen.Statement {
	fn := e.function(*m.ResultClassifier)
	if m.ResultClassifier.Generic || m.ResultClassifier.Generated != nil {
		fn.Add(e.TypeParamNames(e.w.TypeParams()))
	}
	return fn
}

// classType is what a classifier returns.
func (e *emitter) classType(verdict bool) *jen.Statement {
	if verdict {
		return e.Runtime("Verdict")
	}
	return e.Runtime("Class")
}

// classifyResults is the result classifier with all results of a call but the error.
func (e *emitter) classifyResults(m *model.Method, v locals, outcome []jen.Code) jen.Code {
	args := append(append([]jen.Code{}, outcome[:len(outcome)-1]...), jen.Id(v.err))
	return jen.Func().Params(jen.Id(v.err).Error()).Add(e.classType(m.ResultClassifier.Verdict)).Block(jen.Return(e.resultClassifier(m).Call(args...)))
}

// arguments hands a method's parameters on to another of its type.
func arguments(m *model.Method, v locals) (args []jen.Code) {
	for i, name := range v.params {
		arg := jen.Id(name)
		if m.Signature.Variadic() && i == len(v.params)-1 {
			arg.Op("...")
		}
		args = append(args, arg)
	}
	return args
}

// call calls the method of the implementation in a field.
func (e *emitter) call(field string, m *model.Method, args []jen.Code) *jen.Statement {
	return jen.Id(e.receiver).Dot(field).Dot(m.Name).Call(args...)
}

// substitute calls what answers when a call has failed.
func (e *emitter) substitute(m *model.Method, v locals, cause jen.Code) *jen.Statement {
	if m.Fallback == nil {
		args := arguments(m, v)
		if m.Context >= 0 {
			args[m.Context] = e.Runtime("WithCause").Call(args[m.Context], cause)
		}
		return e.call(e.fallback, m, args)
	}
	var args []jen.Code
	for _, name := range v.params {
		args = append(args, jen.Id(name))
	}
	fn := e.function(*m.Fallback)
	if m.Fallback.Generic {
		fn.Add(e.TypeParamNames(e.w.TypeParams()))
	}
	return fn.Call(append(args, cause)...)
}

// locals are the variables of a method.
type locals struct {
	params               []string
	results              []string // those of the call, the error last
	err                  string   // the error of one attempt, where results are captured
	method               string   // the method for one key
	attempt, attemptType string   // the results of one hedged attempt
	cause                string   // of a fallback, where results are judged
}

// referTo refers to all that a guarded method's body refers to.
func (e *emitter) references(m *model.Method) {
	e.Import("context", "context")
	e.Runtime("Run")
	e.Use("error")
	e.Use("nil")
	for v := range m.Signature.Results().Variables() {
		e.Type(v.Type())
	}
	if m.Key != nil {
		e.keyCode(m, make([]string, m.Signature.Params().Len()))
	}
	if m.Fallback != nil {
		e.function(*m.Fallback)
	}
	if m.ResultClassifier != nil {
		e.function(*m.ResultClassifier)
	}
}

// locals names a method's variables as the source does, except where that would
// hide something that the method's body refers to.
func (e *emitter) locals(m *model.Method) locals {
	taken := map[string]bool{e.receiver: true}
	maps.Copy(taken, e.refers[m])
	for p := range e.w.TypeParams().TypeParams() {
		taken[e.TypeParam(p)] = true
	}
	sig := m.Signature
	all := maps.Clone(taken) // and the names that the source gives
	for _, vars := range []*types.Tuple{sig.Params(), sig.Results()} {
		for v := range vars.Variables() {
			all[v.Name()] = true
		}
	}
	name := func(given, otherwise string) string {
		switch {
		case given == "" || given == "_":
			given = gosrc.Unused(all, otherwise)
		case taken[given]:
			given = gosrc.Unused(all, given)
		}
		taken[given], all[given] = true, true
		return given
	}
	var v locals
	unnamed := 0
	for i := range sig.Params().Len() {
		otherwise := "ctx"
		if i != m.Context {
			unnamed++
			otherwise = fmt.Sprintf("arg%d", unnamed)
		}
		v.params = append(v.params, name(sig.Params().At(i).Name(), otherwise))
	}
	if !m.HasGuard() {
		return v
	}
	last := sig.Results().Len() - 1
	for i := range last {
		otherwise := fmt.Sprintf("r%d", i)
		if last == 1 {
			otherwise = "result"
		}
		v.results = append(v.results, name(sig.Results().At(i).Name(), otherwise))
	}
	own := sig.Results().At(last).Name()
	v.err = "err"
	if own != v.err || taken[v.err] { // an attempt's error may hide the method's own
		v.err = gosrc.Unused(all, v.err)
	}
	v.results = append(v.results, name(own, "err"))
	v.method, v.attempt, v.attemptType = gosrc.Unused(all, "m", "method"), gosrc.Unused(all, "r", "lane"), gosrc.Unused(all, "results")
	v.cause = gosrc.Unused(all, "cause")
	return v
}
