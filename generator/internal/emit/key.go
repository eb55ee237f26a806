package emit

import (
	"go/types"
	"slices"

	"github.com/resilgen/resilgen/generator/internal/model"
)

// keyCode writes the expression of a method's key. Params are the names of the method's
// parameters in the output.
func (p *printer) keyCode(m *model.Method, params []string) string {
	code := m.Key.Text
	for _, use := range slices.Backward(m.Key.Uses) {
		code = code[:use.Start] + p.refer(m, use.Object, params) + code[use.End:]
	}
	return code
}

// refer is how the output refers to what a name without a qualifier in a key means.
func (p *printer) refer(m *model.Method, obj types.Object, params []string) string {
	if i := slices.Index(m.Key.Params, obj); i >= 0 {
		return params[i]
	}
	switch obj := obj.(type) {
	case *types.PkgName:
		return p.Import(obj.Imported().Path(), obj.Imported().Name())
	case *types.Var:
		if obj.IsField() {
			return obj.Name() // in a struct literal
		}
	case *types.TypeName:
		if param, ok := obj.Type().(*types.TypeParam); ok {
			return p.TypeParam(param)
		}
	}
	return p.Qualified(obj.Pkg(), obj.Name()) // of Go, of a dot import or of this package
}
