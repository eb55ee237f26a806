package gosrc

import (
	"fmt"
	"go/types"
	"strconv"

	"github.com/dave/jennifer/jen"
)

// Type returns code for a type, which must not be [Unwritable].
func (n *Names) Type(t types.Type) *jen.Statement {
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return jen.Id(n.Import("unsafe", "unsafe")).Dot("Pointer")
		}
		return jen.Id(n.Use(t.Name()))
	case *types.Alias:
		if !nameable(t.Obj(), n.pkg) {
			return n.Type(types.Unalias(t))
		}
		return jen.Id(n.Qualified(t.Obj().Pkg(), t.Obj().Name())).Add(n.typeArgs(t.TypeArgs()))
	case *types.Named:
		return jen.Id(n.Qualified(t.Obj().Pkg(), t.Obj().Name())).Add(n.typeArgs(t.TypeArgs()))
	case *types.TypeParam:
		return jen.Id(n.TypeParam(t))
	case *types.Pointer:
		return jen.Op("*").Add(n.Type(t.Elem()))
	case *types.Slice:
		return jen.Index().Add(n.Type(t.Elem()))
	case *types.Array:
		return jen.Index(jen.Id(strconv.FormatInt(t.Len(), 10))).Add(n.Type(t.Elem()))
	case *types.Map:
		return jen.Map(n.Type(t.Key())).Add(n.Type(t.Elem()))
	case *types.Chan:
		elem := n.Type(t.Elem())
		switch t.Dir() {
		case types.SendOnly:
			return jen.Op("chan<-").Add(elem)
		case types.RecvOnly:
			return jen.Op("<-chan").Add(elem)
		}
		if inner, ok := t.Elem().(*types.Chan); ok && inner.Dir() == types.RecvOnly {
			elem = jen.Parens(elem)
		}
		return jen.Op("chan").Add(elem)
	case *types.Signature:
		return jen.Func().Add(n.signature(t))
	case *types.Struct:
		return n.structure(t)
	case *types.Interface:
		return n.interfaceType(t)
	case *types.Union:
		return n.union(t)
	}
	panic(fmt.Sprintf("gosrc: unknown type %T", t))
}

// TypeText returns the text of a type that has a name, or of a pointer to one.
func (n *Names) TypeText(t types.Type) string {
	if pointer, ok := t.(*types.Pointer); ok {
		return "*" + n.TypeText(pointer.Elem())
	}
	obj := TypeObject(t)
	return n.Qualified(obj.Pkg(), obj.Name())
}

// typeArgs returns the arguments of a generic type.
func (n *Names) typeArgs(args *types.TypeList) *jen.Statement {
	if args.Len() == 0 {
		return jen.Null()
	}
	var list []jen.Code
	for t := range args.Types() {
		list = append(list, n.Type(t))
	}
	return jen.Types(list...)
}

// TypeParams returns the type parameters of a declaration, with their constraints.
func (n *Names) TypeParams(params *types.TypeParamList) *jen.Statement {
	if params.Len() == 0 {
		return jen.Null()
	}
	var list []jen.Code
	for p := range params.TypeParams() {
		list = append(list, jen.Id(n.params[p]).Add(n.Type(p.Constraint())))
	}
	return jen.Types(list...)
}

// TypeParamNames returns the names of type parameters, as arguments of a generic type.
func (n *Names) TypeParamNames(params *types.TypeParamList) *jen.Statement {
	if params.Len() == 0 {
		return jen.Null()
	}
	var list []jen.Code
	for p := range params.TypeParams() {
		list = append(list, jen.Id(n.params[p]))
	}
	return jen.Types(list...)
}

// signature returns parameters and results without their names.
func (n *Names) signature(sig *types.Signature) *jen.Statement {
	var params, results []jen.Code
	for i := range sig.Params().Len() {
		params = append(params, n.Param(sig, i))
	}
	for v := range sig.Results().Variables() {
		results = append(results, n.Type(v.Type()))
	}
	code := jen.Params(params...)
	switch len(results) {
	case 0:
		return code
	case 1:
		return code.Add(results[0])
	}
	return code.Params(results...)
}

// Param returns the type of a parameter; with dots if it is variadic.
func (n *Names) Param(sig *types.Signature, i int) *jen.Statement {
	t := sig.Params().At(i).Type()
	if sig.Variadic() && i == sig.Params().Len()-1 {
		return jen.Op("...").Add(n.Type(t.(*types.Slice).Elem()))
	}
	return n.Type(t)
}

// structure returns a struct type.
func (n *Names) structure(t *types.Struct) *jen.Statement {
	var fields []jen.Code
	for i := range t.NumFields() {
		f := t.Field(i)
		field := n.Type(f.Type())
		if !f.Embedded() {
			field = jen.Id(f.Name()).Add(field)
		}
		if tag := t.Tag(i); tag != "" {
			quoted := strconv.Quote(tag)
			if strconv.CanBackquote(tag) {
				quoted = "`" + tag + "`"
			}
			field = field.Op(quoted)
		}
		fields = append(fields, field)
	}
	return oneLine("struct", fields)
}

// interfaceType returns an interface type.
func (n *Names) interfaceType(t *types.Interface) *jen.Statement {
	var elems []jen.Code
	for m := range t.ExplicitMethods() {
		elems = append(elems, jen.Id(m.Name()).Add(n.signature(m.Signature())))
	}
	for e := range t.EmbeddedTypes() {
		if t.IsImplicit() && !pointerFirst(e) {
			return n.Type(e)
		}
		elems = append(elems, n.Type(e))
	}
	return oneLine("interface", elems)
}

// pointerFirst reports whether a constraint begins with a pointer type. Such a constraint
// needs the keyword interface, because [P *T] reads as the length of an array.
func pointerFirst(t types.Type) bool {
	if union, ok := t.(*types.Union); ok {
		if union.Term(0).Tilde() {
			return false
		}
		t = union.Term(0).Type()
	}
	_, ok := types.Unalias(t).(*types.Pointer)
	return ok
}

// union returns the terms of a constraint.
func (n *Names) union(t *types.Union) *jen.Statement {
	code := jen.Null()
	for i := range t.Len() {
		if i > 0 {
			code = code.Op("|")
		}
		if t.Term(i).Tilde() {
			code = code.Op("~")
		}
		code = code.Add(n.Type(t.Term(i).Type()))
	}
	return code
}

// oneLine returns a struct or interface type on one line.
func oneLine(keyword string, elems []jen.Code) *jen.Statement {
	if len(elems) == 0 {
		return jen.Id(keyword).Op("{}")
	}
	return jen.Custom(jen.Options{Open: keyword + "{ ", Close: " }", Separator: "; "}, elems...)
}

// NamedSignature returns parameters and results with their names, if they have any.
func (n *Names) NamedSignature(sig *types.Signature) *jen.Statement {
	write := func(vars *types.Tuple, variadic bool) (code []jen.Code) {
		var names []string
		var types []*jen.Statement
		for i := range vars.Len() {
			t := n.Type(vars.At(i).Type())
			if variadic {
				t = n.Param(sig, i)
			}
			if vars.At(i).Name() == "" {
				code = append(code, t)
			}
			names, types = append(names, vars.At(i).Name()), append(types, t)
		}
		if code == nil {
			code = Grouped(names, types, vars, variadic)
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

// Grouped returns declarations of variables, in which neighbors of one type share it, as
// in a, b int. Code has their types.
func Grouped(names []string, code []*jen.Statement, vars *types.Tuple, variadic bool) []jen.Code {
	var list []jen.Code
	for i, name := range names {
		next := i + 1
		if next < len(names) && !(variadic && next == len(names)-1) && sameText(vars.At(i).Type(), vars.At(next).Type()) {
			list = append(list, jen.Id(name))
		} else {
			list = append(list, jen.Id(name).Add(code[i]))
		}
	}
	return list
}

// sameText reports whether two types are the same and are written the same.
func sameText(a, b types.Type) bool { return types.Identical(a, b) && a.String() == b.String() }
