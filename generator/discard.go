package generator

import (
	"go/token"
	"go/types"

	"github.com/dave/jennifer/jen"
)

// owns reports whether a result of the method must be closed by whoever gets it.
func (m *method) owns() bool {
	for v := range m.sig.Results().Variables() {
		if isCloser(v.Type()) || isResponse(v.Type()) {
			return true
		}
	}
	return false
}

// closer is io.Closer.
var closer = types.NewInterfaceType([]*types.Func{types.NewFunc(token.NoPos, nil, "Close",
	types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(types.NewParam(token.NoPos, nil, "", types.Universe.Lookup("error").Type())), false))}, nil).Complete()

func isCloser(t types.Type) bool { return types.Implements(t, closer) }

// isResponse reports whether t is *http.Response, whose body is to be closed.
func isResponse(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(pointer.Elem(), "net/http", "Response")
}

// release closes those of a method's results that must be.
func (e *emitter) release(m *method, results []jen.Code) (code []jen.Code) {
	for i := range m.sig.Results().Len() {
		switch t := m.sig.Results().At(i).Type(); {
		case isCloser(t):
			code = append(code, e.resil("Discard").Call(results[i]))
		case isResponse(t):
			code = append(code, jen.If(jen.Add(results[i]).Op("!=").Nil()).Block(
				e.resil("Discard").Call(jen.Add(results[i]).Dot("Body"))))
		}
	}
	return code
}

// discard is what becomes of the results of a hedged attempt that has not won;
// lane declares them.
func (e *emitter) discard(m *method, lane jen.Code, results []jen.Code) jen.Code {
	if !m.owns() {
		return jen.Nil()
	}
	return jen.Func().Params(lane).Block(e.release(m, results)...)
}
