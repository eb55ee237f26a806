package model

import (
	"go/types"

	"github.com/resilgen/resilgen/generator/internal/sdk"
)

// applyRecipes adds what is known of repeating the methods of an interface, beyond what
// their names say.
func (m *Package) applyRecipes(w *Wrapper) {
	for _, method := range w.Methods {
		if method.Request >= 0 {
			method.Repeats = RepeatsSafely // package resilhttp looks at each request
			continue
		}
		for _, l := range w.Libraries {
			if safe, known := l.Repeatable(method.owner(), method.Func.Name()); known {
				method.Repeats = RepeatsSafely
				if !safe {
					method.Repeats = RepeatsTwice
					break
				}
			}
		}
		if method.Policy.Retry != nil && method.Policy.Idempotent == nil && method.Token == nil && method.Unwritable == "" {
			method.Token = m.tokenOf(method, w.Libraries)
		}
		if method.Token != nil {
			method.Repeats = RepeatsSafely
		}
	}
}

// owner returns the name of the type that declares the method; "" if it has none.
func (m *Method) owner() string {
	if m.declaredBy != "" {
		return m.declaredBy
	}
	return receiverOf(m.Func)
}

// receiverOf returns the name of the type that declares a method; "" if it has none.
func receiverOf(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return ""
	}
	t := types.Unalias(recv.Type())
	if pointer, ok := t.(*types.Pointer); ok {
		t = types.Unalias(pointer.Elem())
	}
	if named, ok := t.(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}

// tokenOf finds the field by which the recipe of one of the libraries makes a call safe to
// repeat; nil if the method has none.
func (m *Package) tokenOf(method *Method, libraries []*sdk.Library) *Token {
	params := method.Signature.Params()
	for i := range params.Len() {
		t := params.At(i).Type()
		named, ok := types.Unalias(deref(t)).(*types.Named)
		if !ok || named.Obj().Pkg() == nil || structOf(t) == nil {
			continue
		}
		for _, l := range libraries {
			if !l.IsShownBy(named.Obj().Pkg().Path()) {
				continue
			}
			for _, field := range l.Tokens {
				if token, _ := tokenIn(params, i, field, m.pkg.Types); token != nil {
					return token
				}
			}
		}
	}
	return nil
}
