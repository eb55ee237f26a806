// Package emit prints checked models as Go source. It checks nothing.
package emit

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/generator/internal/output"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// Source returns the output of a source, which must have wrappers and no diagnostics. An
// error is a fault of resilgen: the output would not parse.
func Source(src *model.Source) ([]byte, error) {
	p := newPrinter(src)
	body := comment("Where this does not compile, the runtime is older than this code.")
	body.Const().Id("_").Op("=").Add(p.runtime("SupportVersion1")).Line()
	for _, w := range src.Wrappers {
		if w.Derived != nil {
			body.Line().Add(p.declaration(w.Derived)).Line()
		}
		e := newEmitter(p, w)
		body.Line().Add(e.structure()).Line()
		if w.EmbeddedAs != "" {
			body.Line().Add(e.alias()).Line()
		}
		body.Line().Add(e.assertion()).Line()
		body.Line().Add(e.constructor()).Line()
		if e.accessor {
			body.Line().Add(e.resilience()).Line()
		}
		for _, m := range w.Methods {
			if m.Unwritable == "" {
				body.Line().Add(e.method(m)).Line()
			}
		}
		for _, c := range w.Classifiers {
			body.Line().Add(e.classifierFunc(c)).Line()
		}
	}
	for _, h := range src.Keepers() {
		body.Line().Add(p.keeperType(h)).Line()
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n", output.Header(filepath.Base(src.Path)))
	if src.Constraint != "" {
		fmt.Fprintf(&out, "//go:build %s\n\n", src.Constraint)
	}
	file := jen.NewFile(src.Syntax.Name.Name)
	file.NoFormat = true
	file.Add(p.ImportDecl().Line().Line().Add(body))
	if err := file.Render(&out); err != nil {
		return nil, err
	}
	code, err := format.Source(out.Bytes())
	if err != nil {
		return nil, err
	}
	// After gofmt breaks a type literal over lines, a second pass may change the lines
	// after it.
	if bytes.Contains(code, []byte("interface {\n")) || bytes.Count(code, []byte("struct {\n")) > len(src.Wrappers) {
		return format.Source(code)
	}
	return code, nil
}

// A printer writes the declarations of one output.
type printer struct {
	*gosrc.Names
	pkg *types.Package
}

func newPrinter(src *model.Source) *printer {
	var declared []string
	var params []*types.TypeParamList
	for _, w := range src.Wrappers {
		declared = append(declared, w.Name, w.Constructor, w.EmbeddedAs)
		for _, c := range w.Classifiers {
			declared = append(declared, c.Name)
		}
		params = append(params, w.TypeParams())
	}
	for _, h := range src.Keepers() {
		declared = append(declared, h.Name, h.Function)
	}
	return &printer{gosrc.NewNames(src.Package.Types, src.Syntax, declared, params), src.Package.Types}
}

// runtime refers to a name of the runtime.
func (p *printer) runtime(name string) *jen.Statement { return jen.Id(p.Runtime(name)) }

// function refers to a function.
func (p *printer) function(f model.Function) string {
	switch {
	case f.Generated != nil:
		return p.Use(f.Generated.Name)
	case f.Package == nil:
		return p.Runtime(f.Name)
	}
	return p.Qualified(f.Package, f.Name)
}

// An emitter writes one wrapper.
type emitter struct {
	*printer
	w        *model.Wrapper
	receiver string
	next     string                            // field of the implementation
	fallback string                            // field of the second implementation; empty if there is none
	client   string                            // field of the client
	fields   map[string]string                 // fields of guarded methods, by name
	refers   map[*model.Method]map[string]bool // names that the body of a method refers to
	accessor bool                              // it has a method Resilience of its own
}

// newEmitter picks the names of the wrapper's fields and of its receiver.
func newEmitter(p *printer, w *model.Wrapper) *emitter {
	e := &emitter{printer: p, w: w, fields: map[string]string{}, refers: map[*model.Method]map[string]bool{}, accessor: true}
	methods, params := map[string]bool{}, map[string]bool{}
	for _, m := range w.Methods {
		methods[m.Name] = true
		e.accessor = e.accessor && m.Name != model.Accessor
		if m.Unwritable != "" {
			continue
		}
		for v := range m.Signature.Params().Variables() {
			params[v.Name()] = true
		}
		for v := range m.Signature.Results().Variables() {
			params[v.Name()] = true
		}
		if m.HasGuard() {
			e.refers[m] = p.Record(func() { e.references(m) })
			maps.Copy(params, e.refers[m])
		}
	}
	maps.Copy(params, p.Record(func() { p.runtime("Method") }))
	for param := range w.TypeParams().TypeParams() {
		params[p.TypeParam(param)] = true
	}
	e.receiver = gosrc.Unused(params, "c", "w", "r", "wrapper")

	for name := range w.OwnMethods {
		methods[name] = true
	}
	taken := maps.Clone(methods)
	pick := func(name string) string { // fields need not avoid Go's own names
		for i, stem := 2, name; taken[name] || token.IsKeyword(name); i++ {
			name = stem + strconv.Itoa(i)
		}
		taken[name] = true
		return name
	}
	if w.Embeds {
		e.next = cmp.Or(w.EmbeddedAs, w.Interface.Name())
		taken[e.next] = true
	} else {
		e.next = pick("next")
	}
	if w.TakesFallback() {
		e.fallback = pick("fallback")
	}
	e.client = pick("client")
	for _, m := range w.Methods {
		if m.HasGuard() {
			field := gosrc.Uncapitalize(m.Name)
			if methods[field] || token.IsKeyword(field) {
				field += "Method"
			}
			e.fields[m.Name] = pick(field)
		}
	}
	return e
}

// wrapped is the wrapper's type, with its type parameters as arguments.
func (e *emitter) wrapped() *jen.Statement {
	return jen.Id(e.w.Name).Add(e.TypeParamNames(e.w.TypeParams()))
}

// iface is the interface's type, with its type parameters as arguments.
func (e *emitter) iface() *jen.Statement {
	return jen.Id(e.w.Interface.Name()).Add(e.TypeParamNames(e.w.TypeParams()))
}

// structure declares the wrapper.
func (e *emitter) structure() *jen.Statement {
	var fields []jen.Code
	switch {
	case e.w.EmbeddedAs != "":
		fields = append(fields, jen.Id(e.w.EmbeddedAs).Add(e.TypeParamNames(e.w.TypeParams())))
	case e.w.Embeds:
		fields = append(fields, e.iface())
	default:
		fields = append(fields, jen.Id(e.next).Add(e.iface()))
	}
	if e.fallback != "" {
		fields = append(fields, jen.Id(e.fallback).Add(e.iface()))
	}
	fields = append(fields, jen.Id(e.client).Op("*").Add(e.runtime("Client")))
	for _, m := range e.w.Methods {
		switch {
		case m.Key != nil:
			fields = append(fields, jen.Id(e.fields[m.Name]).Add(e.runtime("KeyedMethod")).Types(e.Type(m.Key.Type)))
		case m.HasGuard():
			fields = append(fields, jen.Id(e.fields[m.Name]).Add(e.runtime("Method")))
		}
	}
	code := jen.Commentf("// %s guards %s.", e.w.Name, directive.Article(e.w.Interface.Name())).Line()
	code.Comment("//").Line()
	for _, line := range summary(e.w) {
		code.Comment("//\t" + line).Line()
	}
	if note := outlivingNote(e.w); note != "" {
		code.Comment("//").Line().Add(comment(note))
	}
	if text := librarySummary(e.w); text != "" {
		code.Comment("//").Line().Add(comment(text))
	}
	if !e.accessor {
		code.Comment("//").Line()
		code.Comment("// The interface has a method Resilience of its own: resil.ClientOf returns the").Line()
		code.Comment("// client behind the wrapper.").Line()
	}
	return code.Type().Id(e.w.Name).Add(e.TypeParams(e.w.TypeParams())).Struct(fields...)
}

// alias declares another name of the interface, for the field that embeds it.
func (e *emitter) alias() *jen.Statement {
	params := e.w.TypeParams()
	return comment(fmt.Sprintf("%s is what %s embeds, which has a method %s.", e.w.EmbeddedAs, e.w.Name, e.w.Interface.Name())).
		Type().Id(e.w.EmbeddedAs).Add(e.TypeParams(params)).Op("=").Add(e.iface())
}

// assertion has the compiler check that the wrapper implements the interface.
func (e *emitter) assertion() *jen.Statement {
	check := jen.Var().Id("_").Add(e.iface()).Op("=").Parens(jen.Op("*").Add(e.wrapped())).Parens(jen.Nil())
	params := e.w.TypeParams()
	if params.Len() == 0 {
		return check
	}
	return jen.Func().Id("_").Add(e.TypeParams(params)).Params().Custom(jen.Options{Open: "{ ", Close: " }"}, check)
}

// constructor declares the constructor.
func (e *emitter) constructor() *jen.Statement {
	var spec *spec
	used := e.Record(func() {
		spec = newSpec(e)
		e.runtime("New")
		e.Import("errors", "errors")
		for p := range e.w.TypeParams().TypeParams() {
			e.TypeParam(p)
		}
	})
	used[e.w.Name] = true
	local := func(name string, more ...string) string {
		name = gosrc.Unused(used, append([]string{name}, more...)...)
		used[name] = true
		return name
	}
	receiver := local(e.receiver, "w")
	next, fallback, opts, err := local("next"), "", local("opts"), local("err")
	given := []string{next}
	values := []string{keyed(e.next, next)}
	doc := fmt.Sprintf("%s guards %s.", e.w.Constructor, next)
	if e.fallback != "" {
		fallback = local("fallback")
		given = append(given, fallback)
		values = append(values, keyed(e.fallback, fallback))
		doc = fmt.Sprintf("%s guards %s. Where a call of it has failed, %s answers.", e.w.Constructor, next, fallback)
	}
	doc += fmt.Sprintf(" It fails if %s is nil or an option is wrong.", directive.OneOf(given))
	if needsFleet(e.w) {
		doc += fmt.Sprintf(" It needs %s.", e.Runtime("WithFleet"))
	}

	var body, names []jen.Code
	for _, name := range given {
		names = append(names, jen.Id(name))
		refusal := jen.Id(e.Import("errors", "errors")).Dot("New").Call(jen.Lit(fmt.Sprintf("%s: %s is nil", e.w.Constructor, name)))
		body = append(body, jen.If(jen.Id(name).Op("==").Nil()).Block(jen.Return(jen.Nil(), refusal)))
	}
	spec.name(receiver, used)
	body = append(body, spec.variables()...)
	body = append(body,
		jen.Id(receiver).Op(":=").Op("&").Add(e.wrapped()).Id(oneLine(values)),
		jen.Var().Id(err).Error(),
		jen.List(jen.Id(receiver).Dot(e.client), jen.Id(err)).Op("=").Add(e.runtime("New")).Call(jen.Id(spec.literal()), jen.Id(opts).Op("...")),
		jen.If(jen.Id(err).Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Id(err))),
		jen.Return(jen.Id(receiver), jen.Nil()),
	)
	last := len(names) - 1
	names[last] = jen.Add(names[last]).Add(e.iface())
	return comment(doc).
		Func().Id(e.w.Constructor).Add(e.TypeParams(e.w.TypeParams())).
		Params(append(names, jen.Id(opts).Op("...").Add(e.runtime("Option")))...).
		Params(jen.Op("*").Add(e.wrapped()), jen.Error()).
		Block(body...)
}

// resilience declares the method that returns the client.
func (e *emitter) resilience() *jen.Statement {
	return jen.Comment("// Resilience returns the client behind the wrapper: its stats and manual control.").Line().
		Func().Params(e.self()).Id(model.Accessor).Params().Op("*").Add(e.runtime("Client")).
		Custom(jen.Options{Open: "{ ", Close: " }"}, jen.Return(jen.Id(e.receiver).Dot(e.client)))
}

// self is the receiver of the wrapper's methods.
func (e *emitter) self() *jen.Statement {
	return jen.Id(e.receiver).Op("*").Add(e.wrapped())
}

// method declares a method: a call through the runtime, or plain delegation.
func (e *emitter) method(m *model.Method) *jen.Statement {
	v := e.locals(m)
	var params, results []*jen.Statement
	for i := range v.params {
		params = append(params, e.Param(m.Signature, i))
	}
	for r := range m.Signature.Results().Variables() {
		results = append(results, e.Type(r.Type()))
	}
	code := comment(m.Doc.Sentence, m.Doc.Deprecated).
		Func().Params(e.self()).Id(m.Name).Params(gosrc.Grouped(v.params, params, m.Signature.Params(), m.Signature.Variadic())...)
	switch {
	case m.Form == model.Captured:
		code.Params(gosrc.Grouped(v.results, results, m.Signature.Results(), false)...)
	case len(results) > 0:
		code.Add(resultList(results))
	}
	if m.HasGuard() {
		return code.Block(e.guarded(m, v, results)...)
	}
	call := e.call(e.next, m, arguments(m, v))
	if len(results) > 0 {
		call = jen.Return(call)
	}
	return code.Block(call)
}

// resultList is the list of results of a function.
func resultList(types []*jen.Statement) *jen.Statement {
	if len(types) == 1 {
		return types[0]
	}
	var list []jen.Code
	for _, t := range types {
		list = append(list, t)
	}
	return jen.Params(list...)
}

// needsFleet reports whether a guard of the wrapper is one of a fleet.
func needsFleet(w *model.Wrapper) bool {
	return slices.ContainsFunc(w.Methods, func(m *model.Method) bool {
		b, l := m.Policy.Breaker, m.Policy.Limit
		return b != nil && b.Extent == resil.ExtentFleet || l != nil && l.Extent == resil.ExtentFleet
	})
}
