package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/generator/internal/model"
)

// release closes those of a method's results that must be.
func (e *emitter) release(m *model.Method, results []jen.Code) (code []jen.Code) {
	for _, d := range m.Discards {
		result := results[d.Result]
		if !d.Body {
			code = append(code, e.Runtime("Discard").Call(result))
			continue
		}
		code = append(code, jen.If(jen.Add(result).Op("!=").Nil()).Block(
			e.Runtime("Discard").Call(jen.Add(result).Dot("Body"))))
	}
	return code
}

// discard is what becomes of the results of a hedged attempt that has not won;
// lane declares them.
func (e *emitter) discard(m *model.Method, lane jen.Code, results []jen.Code) jen.Code {
	if m.Discards == nil {
		return jen.Nil()
	}
	return jen.Func().Params(lane).Block(e.release(m, results)...)
}
