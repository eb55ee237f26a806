package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
)

// A variable identifies a variable by its object. A field is identified by the
// variable that it is a field of, followed by the field, and so on for fields of
// fields. It is nil for an expression that is no variable.
type variable []types.Object

// variableOf returns the variable that an expression denotes. Pointers to a variable
// and conversions of it count as the variable.
func variableOf(pass *analysis.Pass, x ast.Expr) variable {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if v, ok := pass.TypesInfo.ObjectOf(x).(*types.Var); ok {
			return variable{v}
		}
	case *ast.SelectorExpr:
		v, ok := pass.TypesInfo.ObjectOf(x.Sel).(*types.Var)
		switch {
		case ok && !v.IsField(): // of another package
			return variable{v}
		case ok:
			if outer := variableOf(pass, x.X); outer != nil {
				return append(outer, v)
			}
		}
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			return variableOf(pass, x.X)
		}
	case *ast.StarExpr:
		return variableOf(pass, x.X)
	case *ast.CallExpr:
		if pass.TypesInfo.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return variableOf(pass, x.Args[0])
		}
	}
	return nil
}

// holds reports whether v is other, or a struct that has other as a field.
func (v variable) holds(other variable) bool {
	return len(v) > 0 && len(v) <= len(other) && slices.Equal(v, other[:len(v)])
}

// isVisible reports whether the name of x, a variable, denotes that variable at pos
// too.
func isVisible(pass *analysis.Pass, x ast.Expr, pos token.Pos) bool {
	name, ok := x.(*ast.Ident)
	scope := pass.Pkg.Scope().Innermost(pos)
	if !ok || scope == nil {
		return false
	}
	_, obj := scope.LookupParent(name.Name, pos)
	return obj != nil && obj == pass.TypesInfo.ObjectOf(name)
}
