package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/model"
)

// idempotencyKey is the header that carries a token.
const idempotencyKey = "Idempotency-Key"

// withToken declares what the callee gets instead of the parameter that carries a token:
// the parameter itself where the caller has set a token, else a copy with one.
func (e *emitter) withToken(m *model.Method, v locals) []jen.Code {
	t := m.Token
	param, sent, copied := jen.Id(v.params[t.Param]), jen.Id(v.sent), jen.Id(v.withToken)
	new := e.runtime("Token").Call()
	declared := []jen.Code{
		jen.Comment("All attempts of the call carry one token."),
		jen.Add(sent).Op(":=").Add(param),
	}
	if t.Header {
		header := jen.Add(sent).Dot("Header")
		missing := jen.Add(param).Op("!=").Nil().Op("&&").Add(param).Dot("Header").Dot("Get").Call(jen.Lit(idempotencyKey)).Op("==").Lit("")
		return append(declared, jen.If(missing).Block(
			jen.Add(sent).Op("=").Add(param).Dot("WithContext").Call(jen.Add(param).Dot("Context").Call()), // shares the trailer
			jen.Add(header).Op("=").Add(header).Dot("Clone").Call(),
			jen.If(jen.Add(header).Op("==").Nil()).Block(jen.Add(header).Op("=").Id(e.Import("net/http", "http")).Dot("Header").Values()),
			jen.Add(header).Dot("Set").Call(jen.Lit(idempotencyKey), new)))
	}
	if named := e.Type(t.FieldType); named.GoString() != "string" {
		new = named.Call(new)
	}
	field := jen.Add(param).Dot(t.Field)
	missing := jen.Add(field).Op("==").Lit("")
	if t.FieldPointer {
		missing = jen.Add(field).Op("==").Nil().Op("||").Op("*").Add(field).Op("==").Lit("")
	}
	if t.Pointer {
		if t.FieldPointer {
			missing = jen.Parens(missing)
		}
		missing = jen.Add(param).Op("!=").Nil().Op("&&").Add(missing)
	}
	target := copied
	if !t.Pointer || t.Message {
		target = sent
	}
	var set []jen.Code
	switch {
	case t.Message:
		clone := jen.Id(e.Import("google.golang.org/protobuf/proto", "proto")).Dot("Clone").Call(param)
		set = append(set, jen.Add(sent).Op("=").Add(clone).Assert(e.Type(m.Signature.Params().At(t.Param).Type())))
	case t.Pointer:
		set = append(set, jen.Add(copied).Op(":=").Op("*").Add(param))
	}
	if t.FieldPointer {
		set = append(set, jen.Id(v.token).Op(":=").Add(new))
		new = jen.Op("&").Id(v.token)
	}
	set = append(set, jen.Add(target).Dot(t.Field).Op("=").Add(new))
	if t.Pointer && !t.Message {
		set = append(set, jen.Add(sent).Op("=").Op("&").Add(copied))
	}
	return append(declared, jen.If(missing).Block(set...))
}
