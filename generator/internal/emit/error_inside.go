package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/model"
)

// errorInside returns the body of a method whose result holds its error.
func (b *body) errorInside() []jen.Code {
	entry := "Call"
	if b.m.Form == model.HedgedInside {
		entry = "Hedged"
	}
	result := jen.Id(b.v.results[0])
	closure := []jen.Code{jen.Return(b.call)}
	if b.m.Outlives() {
		closure = append([]jen.Code{jen.Add(result).Op(":=").Add(b.call)}, b.holds(nil)...)
		closure = append(closure, jen.Return(result))
		if h := &b.m.Held[0]; len(b.m.Held) == 1 && len(h.Path) == 0 {
			closure = []jen.Code{jen.Return(b.hold(h, b.call))}
		}
	}
	args := []jen.Code{b.ctx, b.method, jen.Func().Params(b.param).Add(resultList(b.types)).Block(closure...)}
	if b.m.Maker != nil {
		entry += "Err"
		args = append(args, jen.Id(b.function(*b.m.Maker)))
	} else {
		entry += "SetErr"
	}
	through := b.runtime(entry).Call(args...)
	if b.m.Policy.Fallback == nil {
		return append(b.before, jen.Return(through))
	}
	cause := jen.Add(result).Dot("Err").Call()
	failed := jen.Add(result).Op("!=").Nil().Op("&&").Add(b.fallsBack(cause)) // nil holds no error
	return append(b.before,
		jen.Add(result).Op(":=").Add(through),
		jen.If(failed).Block(jen.Return(b.substitute(b.m, b.v, cause))),
		jen.Return(result))
}

// scanning returns the body of a method whose call is made when its result is scanned.
func (b *body) scanning() []jen.Code {
	dest := jen.Id(b.v.dest)
	scan := jen.Dot("Scan").Call(jen.Add(dest).Op("..."))
	run := b.run("Run", jen.Error(), nil, []jen.Code{jen.Return(jen.Add(b.call).Add(scan))})
	code := append(b.before, jen.Return(run))
	if b.m.Policy.Fallback != nil {
		err := jen.Id(b.v.err)
		code = append(b.before,
			jen.Add(err).Op(":=").Add(run),
			jen.If(b.fallsBack(err)).Block(jen.Return(jen.Add(b.substitute(b.m, b.v, err)).Add(scan))),
			jen.Return(err))
	}
	return []jen.Code{jen.Return(b.runtime("ScanFunc").Call(
		jen.Func().Params(jen.Add(dest).Op("...").Id("any")).Error().Block(code...)))}
}

// fallsBack is the condition for a fallback after a call that ended with an error.
func (b *body) fallsBack(err jen.Code) jen.Code {
	method := b.method
	if b.m.Key == nil {
		method = b.field(b.m)
	}
	return jen.Add(method).Dot("FallsBack").Call(b.ctx, err)
}
