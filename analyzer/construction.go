package analyzer

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

const runtimePath = "github.com/resilgen/resilgen/runtime"

// A construction is a call of a function that has the form of a generated
// constructor. The function takes an implementation of an interface and options of
// the runtime, and returns another implementation and an error.
type construction struct {
	function string           // the function's name
	methods  *types.Interface // which both implementations have
	wrapped  ast.Expr         // the implementation that the function takes
	wrapper  ast.Expr         // the variable that the other one is assigned to, or nil
	err      ast.Expr         // the variable that the error is assigned to, or nil
}

// constructionOf returns the construction that a call is, and false for other
// calls. It does not set the variables.
func constructionOf(pass *analysis.Pass, call *ast.CallExpr) (construction, bool) {
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
	function := ast.Unparen(call.Fun)
	switch f := function.(type) {
	case *ast.IndexExpr:
		function = f.X
	case *ast.IndexListExpr:
		function = f.X
	}
	return construction{function: types.ExprString(function), wrapped: ast.Unparen(call.Args[0]), methods: methods}, true
}

// guards reports whether a call of sel is probably guarded by the wrapper: sel is a
// method of the interface that takes a context and returns an error. The wrapper
// delegates the others.
func (c construction) guards(pass *analysis.Pass, sel *ast.SelectorExpr) bool {
	if s := pass.TypesInfo.Selections[sel]; s == nil || s.Kind() != types.MethodVal {
		return false
	}
	for m := range c.methods.Methods() {
		if m.Name() == sel.Sel.Name {
			return takesContext(m.Signature()) && returnsError(m.Signature())
		}
	}
	return false
}

func takesContext(sig *types.Signature) bool {
	for v := range sig.Params().Variables() {
		if isNamed(v.Type(), "context", "Context") {
			return true
		}
	}
	return false
}

func returnsError(sig *types.Signature) bool {
	n := sig.Results().Len()
	return n > 0 && types.Identical(sig.Results().At(n-1).Type(), types.Universe.Lookup("error").Type())
}

// isNamed reports whether t is the type of that name in the package with that path.
func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path && named.Obj().Name() == name
}
