package generator

import (
	"github.com/dave/jennifer/jen"
)

// release closes those of a method's results that must be.
func (e *emitter) release(m *method, results []jen.Code) (code []jen.Code) {
	for _, d := range m.discards {
		result := results[d.result]
		if !d.body {
			code = append(code, e.resil("Discard").Call(result))
			continue
		}
		code = append(code, jen.If(jen.Add(result).Op("!=").Nil()).Block(
			e.resil("Discard").Call(jen.Add(result).Dot("Body"))))
	}
	return code
}

// discard is what becomes of the results of a hedged attempt that has not won;
// lane declares them.
func (e *emitter) discard(m *method, lane jen.Code, results []jen.Code) jen.Code {
	if m.discards == nil {
		return jen.Nil()
	}
	return jen.Func().Params(lane).Block(e.release(m, results)...)
}
