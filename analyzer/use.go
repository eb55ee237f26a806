package analyzer

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// checkUse reports wrappers that are constructed and not kept, or for each request, and
// calls that bypass a wrapper. It is less strict in tests, which may want nothing but the error, or
// compare a wrapper with what it wraps.
func checkUse(pass *analysis.Pass) {
	files := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	reported := map[*ast.SelectorExpr]bool{} // the bypasses; one call may bypass several wrappers
	for at := range files.Preorder((*ast.CallExpr)(nil)) {
		call := at.Node().(*ast.CallExpr)
		c, ok := constructionOf(pass, call)
		if !ok {
			continue
		}
		inTest := strings.HasSuffix(pass.Fset.File(call.Pos()).Name(), "_test.go")
		constructed := at
		at = parent(at)
		if outer, ok := at.Node().(*ast.CallExpr); ok {
			// The outer call may be of a function such as resil.Must, which handles the
			// error and returns the wrapper.
			at = parent(at)
			if s, ok := at.Node().(*ast.AssignStmt); ok && !inTest && len(s.Lhs) == 1 && returnsWrapper(pass, outer, call) && !isBlank(s.Lhs[0]) {
				c.wrapper = s.Lhs[0]
				reportShortLived(pass, constructed, c)
				reportBypasses(pass, at, c, reported)
			}
			continue
		}
		switch s := at.Node().(type) {
		case *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt:
			reportNotKept(pass, call, c)
			continue
		case *ast.AssignStmt:
			if len(s.Lhs) == 2 {
				c.wrapper, c.err = s.Lhs[0], s.Lhs[1]
			}
		case *ast.ValueSpec:
			if len(s.Names) == 2 {
				c.wrapper, c.err = s.Names[0], s.Names[1]
			}
			for !is[*ast.File](at) && !is[*ast.DeclStmt](at) {
				at = at.Parent()
			}
		}
		switch {
		case c.wrapper == nil:
		case !isBlank(c.wrapper):
			if !inTest && !is[*ast.File](at) {
				reportShortLived(pass, constructed, c)
				reportBypasses(pass, at, c, reported)
			}
		case !inTest || isBlank(c.err):
			reportNotKept(pass, call, c)
		}
	}
}

// reportNotKept reports a construction whose wrapper nothing can call.
func reportNotKept(pass *analysis.Pass, call *ast.CallExpr, c construction) {
	report(pass, codeNotKept, analysis.Diagnostic{Pos: call.Pos(), End: call.End(),
		Message: fmt.Sprintf("the wrapper that %s returns is not kept, so that no call goes through it; keep it and call its methods", c.function)})
}

// returnsWrapper reports whether outer takes the results of the construction call
// and returns a value of the wrapper's type.
func returnsWrapper(pass *analysis.Pass, outer, call *ast.CallExpr) bool {
	results, ok := pass.TypesInfo.TypeOf(call).(*types.Tuple)
	return ok && len(outer.Args) == 1 && ast.Unparen(outer.Args[0]) == call && types.Identical(pass.TypesInfo.TypeOf(outer), results.At(0).Type())
}

// parent returns the node around an expression. It skips parentheses.
func parent(x inspector.Cursor) inspector.Cursor {
	x = x.Parent()
	for is[*ast.ParenExpr](x) {
		x = x.Parent()
	}
	return x
}

func is[N ast.Node](c inspector.Cursor) bool {
	_, ok := c.Node().(N)
	return ok
}

func isBlank(x ast.Expr) bool {
	name, ok := x.(*ast.Ident)
	return ok && name.Name == "_"
}
