package emit

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/model"
)

// keyCode writes the key's expression under the names of the output. params are
// what the method's parameters are called there.
func (p *printer) keyCode(m *model.Method, params []string) string {
	selected := map[*ast.Ident]bool{}
	ast.Inspect(m.Key.Expr, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			selected[node.Sel] = true
		case *ast.Ident:
			if obj := m.Key.Uses[node]; obj != nil && !selected[node] {
				node.Name = p.refer(m, obj, params)
			}
		}
		return true
	})
	var code strings.Builder
	if err := format.Node(&code, token.NewFileSet(), ast.Unparen(m.Key.Expr)); err != nil {
		panic("generator: " + err.Error())
	}
	return code.String()
}

// refer is how the output refers to something that stands without a qualifier in
// a key.
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
	if obj.Pkg() == nil {
		p.Use(obj.Name())
		return obj.Name()
	}
	return fmt.Sprintf("%#v", p.Qualified(obj.Pkg(), obj.Name())) // of a dot import, or this package's own
}
