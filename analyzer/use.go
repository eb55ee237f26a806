package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// inspectUse reports constructions whose wrapper does not get the calls. Tests
// may want nothing but the error, and may compare a wrapper with what it wraps.
func inspectUse(pass *analysis.Pass) {
	files := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	reported := map[*ast.SelectorExpr]bool{} // past one wrapper; there may be others
	for at := range files.Preorder((*ast.CallExpr)(nil)) {
		call := at.Node().(*ast.CallExpr)
		c, ok := constructs(pass, call)
		if !ok {
			continue
		}
		inTest := strings.HasSuffix(pass.Fset.File(call.Pos()).Name(), "_test.go")
		at = outside(at)
		if outer, ok := at.Node().(*ast.CallExpr); ok {
			// A function such as must deals with the error and hands the wrapper on.
			at = outside(at)
			if s, ok := at.Node().(*ast.AssignStmt); ok && !inTest && len(s.Lhs) == 1 && handsOn(pass, outer, call) && !isBlank(s.Lhs[0]) {
				c.wrapper = s.Lhs[0]
				past(pass, at, c, reported)
			}
			continue
		}
		switch s := at.Node().(type) {
		case *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt:
			dropped(pass, call, c)
			continue
		case *ast.AssignStmt:
			if len(s.Lhs) == 2 {
				c.wrapper, c.failure = s.Lhs[0], s.Lhs[1]
			}
		case *ast.ValueSpec:
			if len(s.Names) == 2 {
				c.wrapper, c.failure = s.Names[0], s.Names[1]
			}
			for !is[*ast.File](at) && !is[*ast.DeclStmt](at) {
				at = at.Parent()
			}
		}
		switch {
		case c.wrapper == nil:
		case !isBlank(c.wrapper):
			if !inTest && !is[*ast.File](at) {
				past(pass, at, c, reported)
			}
		case !inTest || isBlank(c.failure):
			dropped(pass, call, c)
		}
	}
}

// outside is the node around an expression, parentheses left out.
func outside(x inspector.Cursor) inspector.Cursor {
	x = x.Parent()
	for is[*ast.ParenExpr](x) {
		x = x.Parent()
	}
	return x
}

// handsOn reports whether outer is given a construction's results and returns
// something of the wrapper's type.
func handsOn(pass *analysis.Pass, outer, call *ast.CallExpr) bool {
	results, ok := pass.TypesInfo.TypeOf(call).(*types.Tuple)
	return ok && len(outer.Args) == 1 && ast.Unparen(outer.Args[0]) == call && types.Identical(pass.TypesInfo.TypeOf(outer), results.At(0).Type())
}

func dropped(pass *analysis.Pass, call *ast.CallExpr, c construction) {
	report(pass, codeDropped, analysis.Diagnostic{Pos: call.Pos(), End: call.End(),
		Message: fmt.Sprintf("the wrapper that %s returns is dropped, so nothing goes through it; keep it and call its methods", c.name)})
}

// past reports what is called on the wrapped value after the statement that
// wraps it, where the wrapper could be called: in the same block, unless
// something else has been assigned to either variable or the construction may
// have failed.
func past(pass *analysis.Pass, statement inspector.Cursor, c construction, reported map[*ast.SelectorExpr]bool) {
	wrapped := variable(pass, c.wrapped)
	if wrapped == nil || slices.Equal(wrapped, variable(pass, c.wrapper)) {
		return
	}
	block, from := statement.Parent(), statement.Node().End()
	for is[*ast.LabeledStmt](block) {
		block = block.Parent()
	}
	until := block.Node().End()
	for at := range block.Preorder((*ast.AssignStmt)(nil), (*ast.RangeStmt)(nil)) {
		to, end := assigned(at.Node())
		if end > from && slices.ContainsFunc(to, func(x ast.Expr) bool {
			v := variable(pass, x)
			return isPart(v, wrapped) || isPart(v, variable(pass, c.wrapper))
		}) {
			until = min(until, end)
		}
	}
	for at := range block.Preorder((*ast.SelectorExpr)(nil)) {
		sel := at.Node().(*ast.SelectorExpr)
		if sel.Pos() < from || sel.Pos() >= until || reported[sel] || !c.guards(pass, sel) ||
			!slices.Equal(variable(pass, sel.X), wrapped) || mayHaveFailed(pass, at, block, c) {
			continue
		}
		reported[sel] = true
		wrapper := types.ExprString(c.wrapper)
		d := analysis.Diagnostic{Pos: sel.Pos(), End: sel.End(), Message: fmt.Sprintf("%s goes past the wrapper of %s; call %s.%s",
			types.ExprString(sel), types.ExprString(sel.X), wrapper, sel.Sel.Name)}
		if visible(pass, c.wrapper, sel.Pos()) {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Call " + wrapper + "." + sel.Sel.Name,
				TextEdits: []analysis.TextEdit{{Pos: sel.X.Pos(), End: sel.X.End(), NewText: []byte(wrapper)}},
			}}
		}
		report(pass, codePast, d)
	}
}

// assigned is what a statement assigns to, and where that has happened.
func assigned(statement ast.Node) (to []ast.Expr, end token.Pos) {
	switch s := statement.(type) {
	case *ast.AssignStmt:
		return s.Lhs, s.End()
	case *ast.RangeStmt:
		return []ast.Expr{s.Key, s.Value}, s.X.End()
	}
	return nil, token.NoPos
}

// isPart reports whether v is a variable, or the struct that holds it.
func isPart(v, of []types.Object) bool {
	return len(v) > 0 && len(v) <= len(of) && slices.Equal(v, of[:len(v)])
}

// guards reports whether sel is a method that the wrapper, as far as can be told
// from outside, does not merely delegate: of the interface, with a context, and
// with an error to judge by.
func (c construction) guards(pass *analysis.Pass, sel *ast.SelectorExpr) bool {
	if s := pass.TypesInfo.Selections[sel]; s == nil || s.Kind() != types.MethodVal {
		return false
	}
	for m := range c.methods.Methods() {
		if m.Name() == sel.Sel.Name {
			params, results := m.Signature().Params(), m.Signature().Results()
			return results.Len() > 0 && types.Identical(results.At(results.Len()-1).Type(), types.Universe.Lookup("error").Type()) &&
				slices.ContainsFunc(slices.Collect(params.Variables()), func(v *types.Var) bool { return isNamed(v.Type(), "context", "Context") })
		}
	}
	return false
}

// mayHaveFailed reports whether a node is reached by way of a condition on the
// construction's error, or a comparison of the wrapper.
func mayHaveFailed(pass *analysis.Pass, at, block inspector.Cursor, c construction) bool {
	failure, wrapper := variable(pass, c.failure), variable(pass, c.wrapper)
	means := func(x ast.Expr, v []types.Object) bool { return v != nil && slices.Equal(variable(pass, x), v) }
	for {
		for _, condition := range conditions(at.Node()) {
			for n := range ast.Preorder(condition) {
				if x, ok := n.(ast.Expr); ok && means(x, failure) {
					return true
				}
				if x, ok := n.(*ast.BinaryExpr); ok && (means(x.X, wrapper) || means(x.Y, wrapper)) {
					return true
				}
			}
		}
		if at == block {
			return false
		}
		at = at.Parent()
	}
}

// conditions decide which branch of a statement is taken, with what they are made
// of right before. Those of all cases decide about the default.
func conditions(statement ast.Node) (all []ast.Expr) {
	made := func(init ast.Stmt) {
		if s, ok := init.(*ast.AssignStmt); ok {
			all = append(all, s.Rhs...)
		}
	}
	switch s := statement.(type) {
	case *ast.IfStmt:
		made(s.Init)
		all = append(all, s.Cond)
	case *ast.SwitchStmt:
		made(s.Init)
		if s.Tag != nil {
			all = append(all, s.Tag)
		}
		for _, clause := range s.Body.List {
			all = append(all, clause.(*ast.CaseClause).List...)
		}
	}
	return all
}

// variable tells variables apart: a variable by itself, a field by what it is a
// field of too. It returns nil for other expressions.
func variable(pass *analysis.Pass, x ast.Expr) []types.Object {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if v, ok := pass.TypesInfo.ObjectOf(x).(*types.Var); ok {
			return []types.Object{v}
		}
	case *ast.SelectorExpr:
		field, ok := pass.TypesInfo.ObjectOf(x.Sel).(*types.Var)
		switch {
		case ok && !field.IsField(): // of another package
			return []types.Object{field}
		case ok:
			if of := variable(pass, x.X); of != nil {
				return append(of, field)
			}
		}
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			return variable(pass, x.X)
		}
	case *ast.StarExpr:
		return variable(pass, x.X)
	case *ast.CallExpr:
		if pass.TypesInfo.Types[x.Fun].IsType() && len(x.Args) == 1 {
			return variable(pass, x.Args[0])
		}
	}
	return nil
}

// visible reports whether at pos a variable's name still means that variable.
func visible(pass *analysis.Pass, v ast.Expr, pos token.Pos) bool {
	name, ok := v.(*ast.Ident)
	scope := pass.Pkg.Scope().Innermost(pos)
	if !ok || scope == nil {
		return false
	}
	_, obj := scope.LookupParent(name.Name, pos)
	return obj != nil && obj == pass.TypesInfo.ObjectOf(name)
}

func isBlank(x ast.Expr) bool {
	name, ok := x.(*ast.Ident)
	return ok && name.Name == "_"
}

func is[N ast.Node](c inspector.Cursor) bool {
	_, ok := c.Node().(N)
	return ok
}
