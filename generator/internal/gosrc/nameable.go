package gosrc

import (
	"go/types"
	"strings"
)

// nameable reports whether code in package from can refer to a type by its name.
func nameable(obj *types.TypeName, from *types.Package) bool {
	pkg := obj.Pkg()
	if pkg == nil {
		return from.Scope().Lookup(obj.Name()) == nil
	}
	if obj.Parent() != nil && obj.Parent() != pkg.Scope() {
		return false
	}
	return pkg.Path() == from.Path() || obj.Exported() && Importable(pkg, from)
}

// Importable reports whether package from may import pkg. It does not look for import
// cycles.
func Importable(pkg, from *types.Package) bool {
	path, user := pkg.Path(), strings.TrimSuffix(from.Path(), "_test")
	if pkg.Name() == "main" && path != user {
		return false
	}
	for at := 0; ; {
		i := strings.Index(path[at:], "internal")
		if i < 0 {
			return true
		}
		start, end := at+i, at+i+len("internal")
		at = end
		if (start == 0 || path[start-1] == '/') && (end == len(path) || path[end] == '/') {
			parent := strings.TrimSuffix(path[:start], "/")
			if user != parent && !strings.HasPrefix(user, parent+"/") {
				return false
			}
		}
	}
}

// Unwritable returns a part of a type that code in package from cannot write: an
// unexported or internal name of another package, or a name of Go's own that the package
// declares with another meaning. It returns nil if there is none.
func Unwritable(t types.Type, from *types.Package) types.Type {
	var found types.Type
	Walk(t, func(t types.Type) bool {
		ok := true
		switch t := t.(type) {
		case *types.Basic:
			ok = t.Kind() == types.UnsafePointer || t.Kind() == types.Invalid || from.Scope().Lookup(t.Name()) == nil
		case *types.Alias:
			if !nameable(t.Obj(), from) {
				return true // the type itself can be written instead
			}
			for arg := range t.TypeArgs().Types() {
				if found == nil {
					found = Unwritable(arg, from)
				}
			}
			return false
		case *types.Named:
			ok = nameable(t.Obj(), from)
		case *types.Struct:
			for f := range t.Fields() {
				ok = ok && (f.Exported() || f.Pkg().Path() == from.Path()) && !(f.Embedded() && unnameable(f.Type(), from))
			}
		case *types.Interface:
			for m := range t.ExplicitMethods() {
				ok = ok && (m.Exported() || m.Pkg().Path() == from.Path())
			}
		}
		if !ok {
			found = t
		}
		return found == nil
	})
	return found
}

// Exposed returns a signature in which aliases that pkg exports take the place of types
// that package from cannot name. An SDK may declare its types in an internal package, and
// export them by aliases. The signature is of pkg, which may be nil.
func Exposed(sig *types.Signature, pkg, from *types.Package) *types.Signature {
	if pkg == nil || pkg.Path() == from.Path() || !Importable(pkg, from) || Unwritable(sig, from) == nil {
		return sig
	}
	aliases := map[*types.TypeName]*types.Alias{}
	for _, name := range pkg.Scope().Names() {
		alias, ok := pkg.Scope().Lookup(name).Type().(*types.Alias)
		if !ok || alias.Obj().Name() != name || !alias.Obj().Exported() || alias.TypeParams().Len() > 0 {
			continue
		}
		named, ok := types.Unalias(alias).(*types.Named)
		if ok && named.TypeArgs().Len() == 0 && !nameable(named.Obj(), from) && aliases[named.Obj()] == nil {
			aliases[named.Obj()] = alias
		}
	}
	if len(aliases) == 0 {
		return sig
	}
	var replace func(types.Type) types.Type
	tuple := func(vars *types.Tuple) *types.Tuple {
		var list []*types.Var
		for v := range vars.Variables() {
			list = append(list, types.NewParam(v.Pos(), v.Pkg(), v.Name(), replace(v.Type())))
		}
		return types.NewTuple(list...)
	}
	signature := func(sig *types.Signature) *types.Signature {
		return types.NewSignatureType(nil, nil, nil, tuple(sig.Params()), tuple(sig.Results()), sig.Variadic())
	}
	replace = func(t types.Type) types.Type {
		switch t := t.(type) {
		case *types.Alias:
			if !nameable(t.Obj(), from) {
				return replace(types.Unalias(t))
			}
		case *types.Named:
			if alias := aliases[t.Obj()]; alias != nil {
				return alias
			}
		case *types.Pointer:
			return types.NewPointer(replace(t.Elem()))
		case *types.Slice:
			return types.NewSlice(replace(t.Elem()))
		case *types.Array:
			return types.NewArray(replace(t.Elem()), t.Len())
		case *types.Map:
			return types.NewMap(replace(t.Key()), replace(t.Elem()))
		case *types.Chan:
			return types.NewChan(t.Dir(), replace(t.Elem()))
		case *types.Signature:
			return signature(t)
		}
		return t
	}
	return signature(sig)
}

// unnameable reports whether an embedded field's type is an alias that package from cannot
// name. If the type itself were written instead, the field would have another name.
func unnameable(t types.Type, from *types.Package) bool {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	alias, ok := t.(*types.Alias)
	return ok && !nameable(alias.Obj(), from)
}

// Walk calls visit for a type and, if visit returns true, for the types that it is written
// with. It does not visit what a named type is declared as.
func Walk(t types.Type, visit func(types.Type) bool) {
	if t == nil || !visit(t) {
		return
	}
	list := func(types *types.TypeList) {
		for t := range types.Types() {
			Walk(t, visit)
		}
	}
	tuple := func(vars *types.Tuple) {
		for v := range vars.Variables() {
			Walk(v.Type(), visit)
		}
	}
	switch t := t.(type) {
	case *types.Alias:
		list(t.TypeArgs())
		Walk(types.Unalias(t), visit)
	case *types.Named:
		list(t.TypeArgs())
	case *types.Pointer:
		Walk(t.Elem(), visit)
	case *types.Slice:
		Walk(t.Elem(), visit)
	case *types.Array:
		Walk(t.Elem(), visit)
	case *types.Map:
		Walk(t.Key(), visit)
		Walk(t.Elem(), visit)
	case *types.Chan:
		Walk(t.Elem(), visit)
	case *types.Signature:
		tuple(t.Params())
		tuple(t.Results())
	case *types.Struct:
		for f := range t.Fields() {
			Walk(f.Type(), visit)
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			Walk(m.Signature(), visit)
		}
		for e := range t.EmbeddedTypes() {
			Walk(e, visit)
		}
	case *types.Union:
		for term := range t.Terms() {
			Walk(term.Type(), visit)
		}
	}
}

// MaxDepth is how deep types may be nested in others. Nobody writes so deep a type, and a
// program that does would keep generation busy for minutes.
const MaxDepth = 100

// IsDeep reports whether a type is nested deeper than [MaxDepth].
func IsDeep(t types.Type) bool { return exceeds(t, MaxDepth) }

func exceeds(t types.Type, depth int) bool {
	deep, outer := false, true
	Walk(t, func(part types.Type) bool {
		if outer {
			outer = false
			return true
		}
		deep = deep || depth == 0 || exceeds(part, depth-1)
		return false
	})
	return deep
}

// TypeObject returns the declaration of a named type, of an alias, or of what a pointer
// points to. It panics for other types.
func TypeObject(t types.Type) *types.TypeName {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	return t.(interface{ Obj() *types.TypeName }).Obj()
}
