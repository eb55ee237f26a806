package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/generator/internal/output"
)

// httpPath is the import path of the package that sends a request more than once.
const httpPath = output.Module + "/integrations/http"

// http refers to a name of that package.
func (p *printer) http(name string) *jen.Statement {
	if p.pkg.Path() == httpPath {
		return jen.Id(p.Use(name))
	}
	return jen.Id(p.Import(httpPath, "resilhttp") + "." + name)
}

// prepareRequest makes each attempt send a copy of the request. The call has the
// request's context if it has no other.
func (b *body) prepareRequest(args []jen.Code) {
	req := jen.Id(b.v.params[b.m.Request])
	if t := b.m.Token; t != nil && t.Param == b.m.Request {
		req = jen.Id(b.v.sent)
	}
	if b.m.Context < 0 {
		b.ctx = jen.Add(req).Dot("Context").Call()
		b.param = jen.Id(b.v.ctx).Add(b.param)
	}
	ctx := b.v.ctx
	if b.m.Context >= 0 {
		ctx = b.v.params[b.m.Context]
	}
	make := "NewRequest"
	if b.m.Policy.Idempotent != nil {
		make = "NewIdempotentRequest"
	}
	request := jen.Id(b.v.request)
	b.before = append(b.before,
		jen.Add(request).Op(":=").Add(b.http(make)).Call(b.ctx, req),
		jen.Defer().Add(request).Dot("Close").Call())
	b.ctx = jen.Add(request).Dot("Context").Call()
	args[b.m.Request] = jen.Add(request).Dot("Attempt").Call(jen.Id(ctx))
}

// requestAgain replaces the argument that is a request, which attempts may have used up,
// by a copy with a context.
func (e *emitter) requestAgain(m *model.Method, v locals, args []jen.Code, ctx jen.Code) {
	if m.Request >= 0 {
		args[m.Request] = jen.Id(v.request).Dot("Attempt").Call(ctx)
	}
}
