package model

import (
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// lifetimes finds parameters that one attempt uses up. It keeps what it has found about
// each type.
type lifetimes struct{ usedUps typeutil.Map }

// find looks for a part of a type that the search describes: the type itself, what a pointer,
// slice, array or map leads to, or an exported field of a struct, at any depth. It
// returns the description of the part, or "".
func find(t types.Type, s search, known *typeutil.Map) string {
	if why, ok := known.At(t).(string); ok {
		return why
	}
	holder, path, why := s.in(t)
	if path != "" {
		why = gosrc.Article(holder) + " whose field " + path + " is " + why
	}
	known.Set(t, why)
	return why
}

type search struct {
	is    func(types.Type) string // describes a type that is looked for; "" for others
	skips func(*types.Var) bool   // a field is not looked into; nil for none
	done  typeutil.Map
}

// in returns the struct that has the part, or a pointer to it, the path of fields that
// leads to the part, and its description.
func (s *search) in(t types.Type) (holder types.Type, path, why string) {
	if why := s.is(t); why != "" {
		return t, "", why
	}
	if s.done.Set(t, true) != nil {
		return nil, "", ""
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return s.in(u.Elem())
	case *types.Array:
		return s.in(u.Elem())
	case *types.Map:
		return s.in(u.Elem())
	case *types.Pointer:
		holder, path, why = s.in(u.Elem())
		if holder == u.Elem() {
			holder = t
		}
		return holder, path, why
	case *types.Struct:
		for f := range u.Fields() {
			if !f.Exported() || gosrc.IsDeep(f.Type()) || s.skips != nil && s.skips(f) {
				continue
			}
			if _, inner, why := s.in(f.Type()); why != "" {
				return t, strings.TrimSuffix(f.Name()+"."+inner, "."), why
			}
		}
	}
	return nil, "", ""
}

// usedAfterwards describes a type whose values are used after the call that returns them;
// "" for others.
func usedAfterwards(t types.Type) string {
	switch {
	case isChan(t):
		return "a channel"
	case isIterator(t):
		return "an iterator"
	case isContext(t):
		return gosrc.Article(t)
	case hasMethod(t, "Close", "func() error"):
		return describe(t, "io.Closer")
	case hasMethod(t, "Close", "func()"):
		return describe(t, "with a method Close")
	case types.IsInterface(t) && isReader(t): // a struct or slice may hold data that is read already
		return describe(t, "io.Reader")
	case hasMethod(t, "RecvMsg", "func(any) error"):
		return describe(t, "gRPC stream")
	case isNamed(deref(t), "database/sql", "Row"), isNamed(deref(t), "database/sql", "Tx"), isRequest(t):
		return gosrc.Article(t)
	case isPointer(t) || types.IsInterface(t):
		if name := closingMethod(t); name != "" {
			return describe(t, "with a method "+name)
		}
		if iterates(t) {
			return describe(t, "with methods Next and Err")
		}
		if gives := givesAway(t); gives != "" {
			return gosrc.Article(t) + " whose method " + gives
		}
	}
	return ""
}

func isReader(t types.Type) bool { return hasMethod(t, "Read", "func([]byte) (int, error)") }

func isChan(t types.Type) bool {
	_, ok := t.Underlying().(*types.Chan)
	return ok
}

// isIterator reports whether t is a function like iter.Seq or iter.Seq2.
func isIterator(t types.Type) bool {
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || sig.Params().Len() != 1 || sig.Results().Len() != 0 {
		return false
	}
	yield, ok := sig.Params().At(0).Type().Underlying().(*types.Signature)
	return ok && yield.Results().Len() == 1 && types.Identical(yield.Results().At(0).Type(), types.Typ[types.Bool])
}

// hasMethod reports whether t has a method with that name and signature.
func hasMethod(t types.Type, name, signature string) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, name)
	fn, ok := obj.(*types.Func)
	if !ok {
		return false
	}
	return plainNames.Replace(withoutNames(fn.Signature()).String()) == signature
}

// plainNames writes types of Go that have two names by one of them.
var plainNames = strings.NewReplacer("interface{}", "any", "uint8", "byte")

// withoutNames returns a signature without the names of its parameters and results.
func withoutNames(sig *types.Signature) *types.Signature {
	return types.NewSignatureType(nil, nil, nil, unnamedTuple(sig.Params()), unnamedTuple(sig.Results()), sig.Variadic())
}

func unnamedTuple(vars *types.Tuple) *types.Tuple {
	var list []*types.Var
	for v := range vars.Variables() {
		list = append(list, types.NewParam(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(list...)
}

func deref(t types.Type) types.Type {
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		return pointer.Elem()
	}
	return t
}

// describe returns a type with its article and, unless that is its name, what it is.
func describe(t types.Type, what string) string {
	if gosrc.TypeName(t) == what {
		return gosrc.Article(t)
	}
	return gosrc.Article(t) + " (" + what + ")"
}
