package emit

import (
	"fmt"
	"go/types"
	"maps"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// A body writes the body of a method that calls through the runtime.
type body struct {
	*emitter
	m       *model.Method
	v       locals
	types   []*jen.Statement // of the results
	outcome []jen.Code       // what the method returns unless there is a fallback, the error last
	before  []jen.Code       // statements before the call
	method  *jen.Statement   // the runtime's method, a pointer
	ctx     *jen.Statement   // the context that the runtime gets
	param   *jen.Statement   // the parameter of the closure
	call    *jen.Statement   // of the callee
}

// guarded returns the body of a method that calls through the runtime.
func (e *emitter) guarded(m *model.Method, v locals, types []*jen.Statement) []jen.Code {
	b := &body{emitter: e, m: m, v: v, types: types, method: jen.Op("&").Add(e.field(m))}
	args := arguments(m, v)
	if m.Token != nil {
		b.before = append(b.before, e.withToken(m, v)...)
		args[m.Token.Param] = jen.Id(v.sent)
	}
	if m.Key != nil {
		b.method = e.field(m).Dot("For").Call(jen.Id(e.keyCode(m, v.params)))
	}
	if m.Key != nil && m.Policy.Fallback != nil {
		b.before = append(b.before, jen.Id(v.method).Op(":=").Add(b.method))
		b.method = jen.Id(v.method)
	}
	context := jen.Id(e.Import("context", "context"))
	b.ctx, b.param = context.Clone().Dot("Background").Call(), context.Clone().Dot("Context")
	if m.Context >= 0 {
		b.ctx, b.param = jen.Id(v.params[m.Context]), jen.Id(v.params[m.Context]).Add(b.param)
	}
	if m.Request >= 0 {
		b.prepareRequest(args)
	}
	b.call = e.call(e.next, m, args)
	for _, name := range v.results {
		b.outcome = append(b.outcome, jen.Id(name))
	}
	var through *jen.Statement // the expression that yields the outcome
	switch m.Form {
	case model.Inside, model.HedgedInside:
		return b.errorInside()
	case model.Scanning:
		return b.scanning()
	case model.Captured:
		return b.withFallback(b.captured())
	case model.HedgedValues:
		return b.withFallback(b.hedgedValues()...)
	case model.HedgedError:
		empty := jen.Struct()
		through = b.run("Hedged", jen.Params(empty, jen.Error()), b.classifier(), []jen.Code{jen.Return(empty.Clone().Values(), b.call)}, jen.Nil())
		return b.withFallback(jen.List(jen.Id("_"), b.outcome[0]).Op(":=").Add(through))
	case model.HedgedValue:
		through = b.run("Hedged", resultList(types), b.classifier(), b.returned(), b.discard(jen.Id(v.results[0]).Add(types[0])))
	case model.OneValue:
		through = b.run("Call", resultList(types), b.classifier(), b.returned())
	case model.ErrorAlone:
		through = b.run("Run", jen.Error(), b.classifier(), []jen.Code{jen.Return(b.call)})
	}
	if m.Policy.Fallback == nil {
		return append(b.before, jen.Return(through))
	}
	return b.withFallback(jen.List(b.outcome...).Op(":=").Add(through))
}

// run calls an entry of the runtime with a closure. Classifier is nil where no function
// classifies the results.
func (b *body) run(entry string, results jen.Code, classifier *jen.Statement, closure []jen.Code, more ...jen.Code) *jen.Statement {
	args := []jen.Code{b.ctx, b.method, jen.Func().Params(b.param).Add(results).Block(closure...)}
	if classifier != nil {
		entry += "Classified"
		args = append(args, classifier)
	}
	return b.runtime(entry).Call(append(args, more...)...)
}

// values are the results without the error.
func (b *body) values() []jen.Code { return slices.Clone(b.outcome[:len(b.outcome)-1]) }

// err is the error that the method returns.
func (b *body) err() jen.Code { return b.outcome[len(b.outcome)-1] }

// captured assigns the results in the closure, which returns the error of an attempt.
func (b *body) captured() jen.Code {
	var closure []jen.Code
	if b.m.Policy.Retry != nil {
		closure = b.release() // of the attempt before
	}
	err := jen.Id(b.v.err)
	closure = append(closure,
		jen.Var().Add(err).Error(),
		jen.List(append(b.values(), err)...).Op("=").Add(b.call))
	closure = append(closure, b.holds(err)...)
	closure = append(closure, jen.Return(err))
	var classifier *jen.Statement
	if b.m.ResultClassifier != nil {
		classifier = b.classifyOutcome()
	}
	return jen.Add(b.err()).Op("=").Add(b.run("Run", jen.Error(), classifier, closure))
}

// hedgedValues has each attempt return its values in a struct, whose fields are the
// outcome.
func (b *body) hedgedValues() []jen.Code {
	var fields []jen.Code
	for i := range b.values() {
		fields = append(fields, jen.Id(b.v.results[i]).Add(b.types[i]))
		b.outcome[i] = jen.Id(b.v.attempt).Dot(b.v.results[i])
	}
	attempt := jen.Id(b.v.attempt).Id(b.v.attemptType)
	results := jen.Params(attempt, jen.Add(b.err()).Error())
	var classifier *jen.Statement
	if b.m.ResultClassifier != nil {
		classifier = jen.Func().Add(results).Add(b.classType(b.m.ResultClassifier.Verdict)).Block(jen.Return(b.classifier().Call(b.outcome...)))
	}
	closure := []jen.Code{
		jen.List(b.outcome...).Op("=").Add(b.call),
	}
	closure = append(closure, b.holds(b.err())...)
	closure = append(closure, jen.Return(jen.Id(b.v.attempt), b.err()))
	return []jen.Code{
		jen.Type().Id(b.v.attemptType).Struct(fields...),
		jen.List(jen.Id(b.v.attempt), b.err()).Op(":=").Add(b.run("Hedged", results, classifier, closure, b.discard(attempt))),
	}
}

// withFallback returns the whole body: after the call, it calls the fallback if there is
// one and the call has failed.
func (b *body) withFallback(call ...jen.Code) []jen.Code {
	code := append(b.before, call...)
	if b.m.Policy.Fallback != nil {
		cause := b.err()
		failed := b.fallsBack(cause)
		if b.m.ResultClassifier != nil {
			cause = jen.Id(b.v.cause)
			failed = jen.Add(cause).Op(":=").Add(b.runtime("FallsBackClassified")).Call(b.ctx, b.method, b.err(), b.classifyOutcome()).
				Op(";").Add(cause).Op("!=").Nil()
		}
		code = append(code, jen.If(failed).Block(append(b.release(), jen.Return(b.substitute(b.m, b.v, cause)))...))
	}
	return append(code, jen.Return(b.outcome...))
}

// classifier is the function that classifies all results of the method; nil if there is
// none.
func (b *body) classifier() *jen.Statement {
	if b.m.ResultClassifier == nil {
		return nil
	}
	fn := jen.Id(b.function(*b.m.ResultClassifier))
	if b.m.ResultClassifier.Generic || b.m.ResultClassifier.Generated != nil {
		fn.Add(b.TypeParamNames(b.w.TypeParams()))
	}
	return fn
}

// classType is what a classifier returns.
func (p *printer) classType(verdict bool) *jen.Statement {
	if verdict {
		return p.runtime("Verdict")
	}
	return p.runtime("Class")
}

// classifyOutcome is a closure that classifies the values of the outcome with an error.
func (b *body) classifyOutcome() *jen.Statement {
	err := jen.Id(b.v.err)
	return jen.Func().Params(jen.Add(err).Error()).Add(b.classType(b.m.ResultClassifier.Verdict)).Block(jen.Return(b.classifier().Call(append(b.values(), err)...)))
}

// release discards the results that the method's caller does not get.
func (b *body) release() (code []jen.Code) {
	for _, d := range b.m.Discards {
		part, checks := reach(b.outcome[d.Result], d.Path), d.Checks
		discard := b.runtime("Discard").Call(part)
		if d.Method != "" {
			discard, checks = jen.Add(part).Dot(d.Method).Call(), append(slices.Clone(checks), len(d.Path))
		}
		if len(checks) > 0 {
			discard = jen.If(reachable(b.outcome[d.Result], d.Path, checks)).Block(discard)
		}
		code = append(code, discard)
	}
	return code
}

// discard is what becomes of the results of a hedged attempt that loses; param declares
// them.
func (b *body) discard(param jen.Code) jen.Code {
	if b.m.Discards == nil {
		return jen.Nil()
	}
	return jen.Func().Params(param).Block(b.release()...)
}

// arguments are those of a call with the method's own parameters.
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

// field is the field that holds the runtime's method.
func (e *emitter) field(m *model.Method) *jen.Statement {
	return jen.Id(e.receiver).Dot(e.fields[m.Name])
}

// call calls the same method of the implementation in a field.
func (e *emitter) call(field string, m *model.Method, args []jen.Code) *jen.Statement {
	return jen.Id(e.receiver).Dot(field).Dot(m.Name).Call(args...)
}

// substitute calls the fallback.
func (e *emitter) substitute(m *model.Method, v locals, cause jen.Code) *jen.Statement {
	if m.Fallback == nil {
		args := arguments(m, v)
		switch {
		case m.Context >= 0:
			args[m.Context] = e.runtime("WithCause").Call(args[m.Context], cause)
			e.requestAgain(m, v, args, args[m.Context])
		case m.Request >= 0:
			e.requestAgain(m, v, args, e.runtime("WithCause").Call(jen.Id(v.request).Dot("Context").Call(), cause))
		}
		return e.call(e.fallback, m, args)
	}
	var args []jen.Code
	for _, name := range v.params {
		args = append(args, jen.Id(name))
	}
	e.requestAgain(m, v, args, jen.Id(v.request).Dot("Context").Call())
	fn := jen.Id(e.function(*m.Fallback))
	if m.Fallback.Generic {
		fn.Add(e.TypeParamNames(e.w.TypeParams()))
	}
	return fn.Call(append(args, cause)...)
}

// locals are the variables of a method.
type locals struct {
	params      []string
	results     []string // of the call, the error last
	err         string   // the error of one attempt, where results are captured
	method      string   // the runtime's method for one key
	attempt     string   // the values of one hedged attempt, a struct
	attemptType string
	cause       string // of a fallback, where results are classified
	dest        string // into which a result is scanned
	request     string // the request that may be sent more than once
	ctx         string // of an attempt, where no parameter is one
	sent        string // what the callee gets instead of the parameter that carries a token
	token       string
	withToken   string // a copy of what that parameter points to
}

// references refers to all that the body of a guarded method refers to.
func (e *emitter) references(m *model.Method) {
	e.Import("context", "context")
	e.runtime("Run")
	e.Use("error")
	e.Use("nil")
	for v := range m.Signature.Results().Variables() {
		e.Type(v.Type())
	}
	e.heldNames(m)
	if m.Key != nil {
		e.keyCode(m, make([]string, m.Signature.Params().Len()))
	}
	if m.Fallback != nil {
		e.function(*m.Fallback)
	}
	if m.ResultClassifier != nil {
		e.function(*m.ResultClassifier)
	}
	if m.Maker != nil {
		e.function(*m.Maker)
	}
	if m.Form == model.Scanning {
		e.Use("any")
	}
	if m.Request >= 0 {
		e.http("NewRequest")
	}
	if m.Token != nil {
		e.withToken(m, locals{params: make([]string, m.Signature.Params().Len())})
	}
}

// locals names a method's variables as the source does, unless such a name hides
// something that the method's body refers to.
func (e *emitter) locals(m *model.Method) locals {
	taken := map[string]bool{e.receiver: true}
	maps.Copy(taken, e.refers[m])
	for p := range e.w.TypeParams().TypeParams() {
		taken[e.TypeParam(p)] = true
	}
	sig := m.Signature
	all := maps.Clone(taken) // and the names in the source
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
	if own != v.err || taken[v.err] { // the error of an attempt may hide the method's own
		v.err = gosrc.Unused(all, v.err)
	}
	only := "err"
	if m.ErrorPlace != model.ErrorBeside {
		only = "result"
	}
	v.results = append(v.results, name(own, only))
	local := func(used bool, candidates ...string) string {
		name := gosrc.Unused(all, candidates...)
		if used { // by the same body as the others
			all[name] = true
		}
		return name
	}
	v.request, v.ctx = local(m.Request >= 0, "r", "request"), local(m.Request >= 0, "ctx")
	v.method = local(m.Key != nil, "m", "method")
	v.attempt, v.attemptType = local(m.Form == model.HedgedValues, "r", "lane"), local(m.Form == model.HedgedValues, "results")
	v.cause, v.dest = local(true, "cause"), local(true, "dest")
	v.sent, v.token, v.withToken = local(true, "sent"), local(true, "token"), local(true, "withToken")
	return v
}
