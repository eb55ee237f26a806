package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// reportBypasses reports the guarded methods that are called on the wrapped value
// after the statement that wraps it, in the same block. It stops where either
// variable is assigned something else, and leaves out what is done only if the
// construction has failed.
func reportBypasses(pass *analysis.Pass, statement inspector.Cursor, c construction, reported map[*ast.SelectorExpr]bool) {
	wrapped := variableOf(pass, c.wrapped)
	if wrapped == nil || slices.Equal(wrapped, variableOf(pass, c.wrapper)) {
		return
	}
	block, from := statement.Parent(), statement.Node().End()
	for is[*ast.LabeledStmt](block) {
		block = block.Parent()
	}
	until := block.Node().End()
	for at := range block.Preorder((*ast.AssignStmt)(nil), (*ast.RangeStmt)(nil)) {
		targets, end := assigned(at.Node())
		if end > from && slices.ContainsFunc(targets, func(x ast.Expr) bool {
			v := variableOf(pass, x)
			return v.holds(wrapped) || v.holds(variableOf(pass, c.wrapper))
		}) {
			until = min(until, end)
		}
	}
	for at := range block.Preorder((*ast.SelectorExpr)(nil)) {
		sel := at.Node().(*ast.SelectorExpr)
		if sel.Pos() < from || sel.Pos() >= until || reported[sel] || !c.guards(pass, sel) ||
			!slices.Equal(variableOf(pass, sel.X), wrapped) || mayHaveFailed(pass, at, block, c) {
			continue
		}
		reported[sel] = true
		wrapper := types.ExprString(c.wrapper)
		d := analysis.Diagnostic{Pos: sel.Pos(), End: sel.End(), Message: fmt.Sprintf("%s bypasses the wrapper of %s; call %s.%s",
			types.ExprString(sel), types.ExprString(sel.X), wrapper, sel.Sel.Name)}
		if isVisible(pass, c.wrapper, sel.Pos()) {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Call " + wrapper + "." + sel.Sel.Name,
				TextEdits: []analysis.TextEdit{{Pos: sel.X.Pos(), End: sel.X.End(), NewText: []byte(wrapper)}},
			}}
		}
		report(pass, codeBypass, d)
	}
}

// assigned returns what a statement assigns to, and the position where it has done
// so.
func assigned(statement ast.Node) (targets []ast.Expr, end token.Pos) {
	switch s := statement.(type) {
	case *ast.AssignStmt:
		return s.Lhs, s.End()
	case *ast.RangeStmt:
		return []ast.Expr{s.Key, s.Value}, s.X.End()
	}
	return nil, token.NoPos
}

// mayHaveFailed reports whether the node at is reached only through a condition on
// the construction's error, or on a comparison of the wrapper.
func mayHaveFailed(pass *analysis.Pass, at, block inspector.Cursor, c construction) bool {
	err, wrapper := variableOf(pass, c.err), variableOf(pass, c.wrapper)
	is := func(x ast.Expr, v variable) bool { return v != nil && slices.Equal(variableOf(pass, x), v) }
	for {
		for _, condition := range conditions(at.Node()) {
			for n := range ast.Preorder(condition) {
				if x, ok := n.(ast.Expr); ok && is(x, err) {
					return true
				}
				if x, ok := n.(*ast.BinaryExpr); ok && (is(x.X, wrapper) || is(x.Y, wrapper)) {
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

// conditions returns the expressions that decide which branch of a statement is
// taken, with those that its init statement evaluates. The cases of a switch are
// among them, since all of them together decide about the default.
func conditions(statement ast.Node) (all []ast.Expr) {
	addInit := func(init ast.Stmt) {
		if s, ok := init.(*ast.AssignStmt); ok {
			all = append(all, s.Rhs...)
		}
	}
	switch s := statement.(type) {
	case *ast.IfStmt:
		addInit(s.Init)
		all = append(all, s.Cond)
	case *ast.SwitchStmt:
		addInit(s.Init)
		if s.Tag != nil {
			all = append(all, s.Tag)
		}
		for _, clause := range s.Body.List {
			all = append(all, clause.(*ast.CaseClause).List...)
		}
	}
	return all
}
