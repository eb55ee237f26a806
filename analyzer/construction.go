package analyzer

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

const runtimePath = "github.com/resilgen/resilgen/runtime"

// A construction is a call that wraps something: of a function that takes an
// implementation of an interface and options of the runtime, and returns another
// implementation and an error, as generated constructors do.
type construction struct {
	name    string           // of the function
	methods *types.Interface // of the wrapped and the wrapper
	wrapped ast.Expr
	wrapper ast.Expr // what the wrapper is assigned to, or nil
	failure ast.Expr // what the error is assigned to, or nil
}

// constructs reads a call as a construction.
func constructs(pass *analysis.Pass, call *ast.CallExpr) (construction, bool) {
	sig, ok := pass.TypesInfo.TypeOf(call.Fun).(*types.Signature)
	if !ok || !sig.Variadic() || sig.Params().Len() < 2 || sig.Results().Len() != 2 || len(call.Args) == 0 {
		return construction{}, false
	}
	options, ok := sig.Params().At(sig.Params().Len() - 1).Type().(*types.Slice)
	if !ok || !isNamed(options.Elem(), runtimePath, "Option") {
		return construction{}, false
	}
	methods, ok := sig.Params().At(0).Type().Underlying().(*types.Interface)
	if !ok || methods.NumMethods() == 0 || !types.Implements(sig.Results().At(0).Type(), methods) {
		return construction{}, false
	}
	c := construction{wrapped: ast.Unparen(call.Args[0]), methods: methods}
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.IndexExpr:
		c.name = types.ExprString(fun.X)
	case *ast.IndexListExpr:
		c.name = types.ExprString(fun.X)
	default:
		c.name = types.ExprString(fun)
	}
	return c, true
}

func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path && named.Obj().Name() == name
}
