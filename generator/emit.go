package generator

import (
	"bytes"
	"fmt"
	"go/format"
	"go/token"
	"go/types"
	"maps"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/output"
)

// emit writes the output of a source.
func emit(src *source) ([]byte, error) {
	p := newPrinter(src)
	body := jen.Null()
	body.Const().Id("_").Op("=").Add(p.resil("SupportVersion1")).Line()
	for _, w := range src.wrappers {
		if w.derived != nil {
			body.Line().Add(p.declaration(w.derived)).Line()
		}
		e := newEmitter(p, w)
		body.Line().Add(e.structure()).Line()
		body.Line().Add(e.assertion()).Line()
		body.Line().Add(e.constructor()).Line()
		if e.accessor {
			body.Line().Add(e.resilience()).Line()
		}
		for _, m := range w.methods {
			if m.unwritable == "" {
				body.Line().Add(e.method(m)).Line()
			}
		}
		for _, h := range w.helpers {
			body.Line().Add(e.helper(h)).Line()
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n", output.Header)
	if src.constraint != "" {
		fmt.Fprintf(&out, "//go:build %s\n\n", src.constraint)
	}
	file := jen.NewFile(src.syntax.Name.Name)
	file.Add(p.importDecl().Line().Line().Add(body))
	if err := file.Render(&out); err != nil {
		return nil, err
	}
	// A type literal that gofmt breaks over lines may want another break behind it.
	if code := out.Bytes(); bytes.Contains(code, []byte("interface {\n")) || bytes.Count(code, []byte("struct {\n")) > len(src.wrappers) {
		return format.Source(code)
	}
	return out.Bytes(), nil
}

// A printer writes what one output holds.
type printer struct {
	*names
	pkg *types.Package
}

func newPrinter(src *source) *printer {
	var declared []string
	var params []*types.TypeParamList
	for _, w := range src.wrappers {
		declared = append(declared, w.name, w.constructor)
		for _, h := range w.helpers {
			declared = append(declared, h.name)
		}
		params = append(params, w.typeParams())
	}
	return &printer{newNames(src.pkg.Types, src.syntax, declared, params), src.pkg.Types}
}

// function refers to a function that a directive names, or one that is generated.
func (p *printer) function(f function) *jen.Statement {
	if f.helper != nil {
		return p.use(f.helper.name)
	}
	if f.pkg == nil {
		return p.resil(f.name)
	}
	return p.qualified(f.pkg, f.name)
}

// An emitter writes one wrapper.
type emitter struct {
	*printer
	w        *wrapper
	receiver string
	next     string                      // the field that holds what is wrapped
	fallback string                      // the field that holds the second implementation, if there is one
	client   string                      // the field that holds the client
	fields   map[string]string           // the field of each guarded method
	refers   map[*method]map[string]bool // the names that its body refers to
	accessor bool
}

func newEmitter(p *printer, w *wrapper) *emitter {
	e := &emitter{printer: p, w: w, fields: map[string]string{}, refers: map[*method]map[string]bool{}, accessor: true}
	methods, params := map[string]bool{}, map[string]bool{}
	for _, m := range w.methods {
		methods[m.Name] = true
		e.accessor = e.accessor && m.Name != "Resilience"
		if m.unwritable != "" {
			continue
		}
		for v := range m.sig.Params().Variables() {
			params[v.Name()] = true
		}
		for v := range m.sig.Results().Variables() {
			params[v.Name()] = true
		}
		if m.hasGuard() {
			e.refers[m] = p.record(func() { e.referTo(m) })
			maps.Copy(params, e.refers[m])
		}
	}
	maps.Copy(params, p.record(func() { p.resil("Method") }))
	for param := range w.typeParams().TypeParams() {
		params[p.typeParam(param)] = true
	}
	e.receiver = fresh(params, "c", "w", "r", "wrapper")

	taken := maps.Clone(methods)
	pick := func(name string) string {
		for i, stem := 2, name; taken[name] || token.IsKeyword(name); i++ {
			name = stem + strconv.Itoa(i)
		}
		taken[name] = true
		return name
	}
	if w.embeds {
		e.next = w.obj.Name()
		taken[e.next] = true
	} else {
		e.next = pick("next")
	}
	if w.substituted() {
		e.fallback = pick("fallback")
	}
	e.client = pick("client")
	for _, m := range w.methods {
		if m.hasGuard() {
			field := lowered(m.Name)
			if methods[field] || token.IsKeyword(field) {
				field += "Method"
			}
			e.fields[m.Name] = pick(field)
		}
	}
	return e
}

// wrapped is the wrapper's type with its type parameters, as it is used.
func (e *emitter) wrapped() *jen.Statement {
	return jen.Id(e.w.name).Add(e.typeParamNames(e.w.typeParams()))
}

// iface is the interface's type with its type parameters, as it is used.
func (e *emitter) iface() *jen.Statement {
	return jen.Id(e.w.obj.Name()).Add(e.typeParamNames(e.w.typeParams()))
}

func (e *emitter) structure() *jen.Statement {
	var fields []jen.Code
	if e.w.embeds {
		fields = append(fields, e.iface())
	} else {
		fields = append(fields, jen.Id(e.next).Add(e.iface()))
	}
	if e.fallback != "" {
		fields = append(fields, jen.Id(e.fallback).Add(e.iface()))
	}
	fields = append(fields, jen.Id(e.client).Op("*").Add(e.resil("Client")))
	for _, m := range e.w.methods {
		switch {
		case m.key != nil:
			fields = append(fields, jen.Id(e.fields[m.Name]).Op("*").Add(e.resil("KeyedMethod")).Types(e.typ(m.key.typ)))
		case m.hasGuard():
			fields = append(fields, jen.Id(e.fields[m.Name]).Op("*").Add(e.resil("Method")))
		}
	}
	code := jen.Commentf("// %s guards %s.", e.w.name, withArticle(e.w.obj.Name())).Line()
	code.Comment("//").Line()
	for _, line := range summary(e.w) {
		code.Comment("//\t" + line).Line()
	}
	if !e.accessor {
		code.Comment("//").Line()
		code.Comment("// The interface has a method Resilience of its own: resil.ClientOf returns the").Line()
		code.Comment("// client behind the wrapper.").Line()
	}
	return code.Type().Id(e.w.name).Add(e.typeParams(e.w.typeParams())).Struct(fields...)
}

func (e *emitter) assertion() *jen.Statement {
	check := jen.Var().Id("_").Add(e.iface()).Op("=").Parens(jen.Op("*").Add(e.wrapped())).Parens(jen.Nil())
	params := e.w.typeParams()
	if params.Len() == 0 {
		return check
	}
	return jen.Func().Id("_").Add(e.typeParams(params)).Params().Custom(jen.Options{Open: "{ ", Close: " }"}, check)
}

func (e *emitter) constructor() *jen.Statement {
	var spec *spec
	used := e.record(func() {
		spec = newSpec(e.printer, e.w)
		e.resil("New")
		for p := range e.w.typeParams().TypeParams() {
			e.typeParam(p)
		}
		for _, m := range e.w.methods {
			if m.key != nil {
				e.typ(m.key.typ)
			}
		}
	})
	used[e.w.name] = true
	local := func(name string) string {
		name = fresh(used, name)
		used[name] = true
		return name
	}
	next, fallback, opts := local("next"), local("fallback"), local("opts")
	client, err := local("client"), local("err")

	body := spec.variables(used)
	body = append(body,
		jen.List(jen.Id(client), jen.Id(err)).Op(":=").Add(e.resil("New")).Call(spec.literal(), jen.Id(opts).Op("...")),
		jen.If(jen.Id(err).Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Id(err))),
	)
	values := []jen.Code{keyed(e.next, jen.Id(next))}
	params := []jen.Code{jen.Id(next).Add(e.iface())}
	doc := fmt.Sprintf("// %s guards %s. It fails only if an option is wrong.", e.w.constructor, next)
	if e.fallback != "" {
		values = append(values, keyed(e.fallback, jen.Id(fallback)))
		params = []jen.Code{jen.Id(next), jen.Id(fallback).Add(e.iface())}
		doc = fmt.Sprintf("// %s guards %s; where a call of it has failed,\n// %s answers. It fails only if an option is wrong.", e.w.constructor, next, fallback)
	}
	values = append(values, keyed(e.client, jen.Id(client)))
	for _, m := range e.w.methods {
		switch {
		case m.key != nil:
			values = append(values, keyed(e.fields[m.Name], e.resil("MethodByKey").Types(e.typ(m.key.typ)).Call(jen.Id(client), jen.Lit(m.Name))))
		case m.hasGuard():
			values = append(values, keyed(e.fields[m.Name], jen.Id(client).Dot("Method").Call(jen.Lit(m.Name))))
		}
	}
	body = append(body, jen.Return(jen.Op("&").Add(e.wrapped()).Add(lines(values)), jen.Nil()))

	return jen.Comment(doc).Line().
		Func().Id(e.w.constructor).Add(e.typeParams(e.w.typeParams())).
		Params(append(params, jen.Id(opts).Op("...").Add(e.resil("Option")))...).
		Params(jen.Op("*").Add(e.wrapped()), jen.Error()).
		Block(body...)
}

func (e *emitter) resilience() *jen.Statement {
	return jen.Comment("// Resilience returns the client behind the wrapper: its stats and manual control.").Line().
		Func().Params(e.self()).Id("Resilience").Params().Op("*").Add(e.resil("Client")).
		Custom(jen.Options{Open: "{ ", Close: " }"}, jen.Return(jen.Id(e.receiver).Dot(e.client)))
}

func (e *emitter) self() *jen.Statement {
	return jen.Id(e.receiver).Op("*").Add(e.wrapped())
}

// method writes one method: a call through the runtime, or plain delegation.
func (e *emitter) method(m *method) *jen.Statement {
	v := e.locals(m)
	var params, results []*jen.Statement
	for i := range v.params {
		params = append(params, e.param(m.sig, i))
	}
	for r := range m.sig.Results().Variables() {
		results = append(results, e.typ(r.Type()))
	}
	code := jen.Func().Params(e.self()).Id(m.Name).Params(grouped(v.params, params, m.sig.Params(), m.sig.Variadic())...)
	switch {
	case m.form == captured:
		code.Params(grouped(v.results, results, m.sig.Results(), false)...)
	case len(results) > 0:
		code.Add(resultList(results))
	}
	if m.hasGuard() {
		return code.Block(e.guarded(m, v, results)...)
	}
	call := e.call(e.next, m, m.args(v))
	if len(results) > 0 {
		call = jen.Return(call)
	}
	return code.Block(call)
}

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
