package generator

import (
	"go/types"
	"strings"

	"github.com/dave/jennifer/jen"
)

// interfaceOf declares the interface that a comment group makes.
func (n *names) interfaceOf(d *derived) *jen.Statement {
	var methods []jen.Code
	for _, fn := range d.methods {
		methods = append(methods, jen.Id(fn.Name()).Add(n.titled(fn.Signature())))
	}
	return jen.Type().Id(d.Declaration.Name).Interface(methods...)
}

// titled writes parameters and results with their names, if they have any.
func (n *names) titled(sig *types.Signature) *jen.Statement {
	write := func(vars *types.Tuple, variadic bool) (code []jen.Code) {
		var names []string
		var types []*jen.Statement
		for i := range vars.Len() {
			t := n.typ(vars.At(i).Type())
			if variadic {
				t = n.param(sig, i)
			}
			if vars.At(i).Name() == "" {
				code = append(code, t)
			}
			names, types = append(names, vars.At(i).Name()), append(types, t)
		}
		if code == nil {
			code = grouped(names, types, vars, variadic)
		}
		return code
	}
	code := jen.Params(write(sig.Params(), sig.Variadic())...)
	results := write(sig.Results(), false)
	if len(results) == 1 && sig.Results().At(0).Name() == "" {
		return code.Add(results[0])
	}
	if len(results) > 0 {
		code.Params(results...)
	}
	return code
}

// declaration writes the interface into the output.
func (n *names) declaration(d *derived) *jen.Statement {
	name, where := d.Declaration.Name, ""
	if pkg := typeObject(d.from).Pkg(); pkg != nil && pkg.Path() != n.pkg.Path() {
		where = ", from " + pkg.Path()
	}
	from := types.TypeString(d.from, func(p *types.Package) string {
		if p.Path() == n.pkg.Path() {
			return ""
		}
		return p.Name()
	})
	code := jen.Commentf("// %s has methods of %s%s.", name, from, where).Line()
	if len(d.omitted) > 0 {
		code.Comment("//").Line()
		code.Commentf("// Left out for types that cannot be named here: %s.", strings.Join(d.omitted, ", ")).Line()
	}
	value := n.typ(d.from)
	if _, ok := d.from.(*types.Pointer); ok {
		value = jen.Parens(value)
	}
	return code.Add(n.interfaceOf(d)).Line().Line().
		Var().Id("_").Id(name).Op("=").Add(value).Parens(jen.Nil())
}

// typeObject is the declaration of a type or of what it points to.
func typeObject(t types.Type) *types.TypeName {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	return t.(interface{ Obj() *types.TypeName }).Obj() // a named type or an alias
}
