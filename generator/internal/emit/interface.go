package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/internal/directive"
)

// interfaceOf declares a derived interface.
func (p *printer) interfaceOf(d *model.Derived) *jen.Statement {
	var methods []jen.Code
	for _, fn := range d.Methods {
		doc := d.Docs[fn.Name()]
		methods = append(methods, comment(doc.Paragraph, doc.Deprecated).Id(fn.Name()).Add(p.NamedSignature(fn.Signature())))
	}
	return jen.Type().Id(d.Declaration.Name).Interface(methods...)
}

// declaration declares a derived interface, with its documentation and the assertion that
// the type has its methods.
func (p *printer) declaration(d *model.Derived) *jen.Statement {
	name, where := d.Declaration.Name, ""
	if pkg := gosrc.TypeObject(d.From).Pkg(); pkg != nil && pkg.Path() != p.pkg.Path() {
		where = ", from " + pkg.Path()
	}
	from := types.TypeString(d.From, func(pkg *types.Package) string {
		if pkg.Path() == p.pkg.Path() {
			return ""
		}
		return pkg.Name()
	})
	code := jen.Commentf("// %s has methods of %s%s.", name, from, where).Line()
	if len(d.Omitted) > 0 {
		code.Comment("//").Line()
		code.Commentf("// Left out for types that cannot be named here: %s.", directive.All(d.Omitted)).Line()
	}
	value := p.Type(d.From)
	if _, ok := d.From.(*types.Pointer); ok {
		value = jen.Parens(value)
	}
	return code.Add(p.interfaceOf(d)).Line().Line().
		Var().Id("_").Id(name).Op("=").Add(value).Parens(jen.Nil())
}
