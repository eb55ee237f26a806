package generator

import (
	"go/types"
	"strings"

	"github.com/dave/jennifer/jen"
)

// interfaceOf declares the interface that a comment group makes.
func (p *printer) interfaceOf(d *derived) *jen.Statement {
	var methods []jen.Code
	for _, fn := range d.methods {
		methods = append(methods, jen.Id(fn.Name()).Add(p.titled(fn.Signature())))
	}
	return jen.Type().Id(d.Declaration.Name).Interface(methods...)
}

// declaration writes the interface into the output.
func (p *printer) declaration(d *derived) *jen.Statement {
	name, where := d.Declaration.Name, ""
	if pkg := typeObject(d.from).Pkg(); pkg != nil && pkg.Path() != p.pkg.Path() {
		where = ", from " + pkg.Path()
	}
	from := types.TypeString(d.from, func(pkg *types.Package) string {
		if pkg.Path() == p.pkg.Path() {
			return ""
		}
		return pkg.Name()
	})
	code := jen.Commentf("// %s has methods of %s%s.", name, from, where).Line()
	if len(d.omitted) > 0 {
		code.Comment("//").Line()
		code.Commentf("// Left out for types that cannot be named here: %s.", strings.Join(d.omitted, ", ")).Line()
	}
	value := p.typ(d.from)
	if _, ok := d.from.(*types.Pointer); ok {
		value = jen.Parens(value)
	}
	return code.Add(p.interfaceOf(d)).Line().Line().
		Var().Id("_").Id(name).Op("=").Add(value).Parens(jen.Nil())
}
