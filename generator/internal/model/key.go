package model

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
)

// A Key is the expression by whose value guards keep their state.
type Key struct {
	Text   string
	Uses   []Use          // the names in Text that stand without a qualifier, in their order
	Params []types.Object // the method's parameters, as Uses has them
	Type   types.Type
}

// A Use is a name in the text of a key.
type Use struct {
	Start, End int // byte offsets in the text
	Object     types.Object
}

// resolveKeys resolves the per= expressions of an interface's methods.
func (m *Package) resolveKeys(src *Source, w *Wrapper) {
	type state struct{ directive, name string }
	first := map[state]*Method{}
	for _, method := range w.Methods {
		var from, per string // a directive with an expression, and that
		for directive, s := range method.Policy.Scopes {
			pos := method.Origins[directive+".per"].ValuePos
			switch {
			case s.Per == "":
				continue
			case per == "":
				from, per = directive, s.Per
				method.Key = m.resolveKey(src, w, method, directive, per, pos)
			case per != s.Per:
				src.reportOn(method, codeKey, pos, "for %s, the %s has the key %s and the %s has the key %s: a method has only one key; combine the two in a function",
					method.Name, from, per, directive, s.Per)
				method.Key = nil
			}
			if method.Key == nil {
				break
			}
			shared := state{directive, method.States[directive]}
			other := first[shared]
			if other == nil {
				first[shared] = method
			} else if !types.Identical(other.Key.Type, method.Key.Type) {
				src.reportOn(method, codeKey, pos, "%s is %s for %s and %s for %s, which share the %s %s: write an expression of one type, or limit the directive with methods=",
					per, gosrc.Article(other.Key.Type), other.Name, gosrc.Article(method.Key.Type), method.Name, directive, shared.name)
			}
		}
	}
}

// A keyResolver resolves the key of one method.
type keyResolver struct {
	*Package
	src    *Source
	method *Method
	guard  string // the directive that has the expression
	per    string // the expression
	pos    token.Pos
	file   *token.File // of the expression alone
}

// resolveKey type-checks an expression over a method's parameters. It returns nil if the
// expression is not a key, which it reports.
func (m *Package) resolveKey(src *Source, w *Wrapper, method *Method, guard, per string, pos token.Pos) *Key {
	r := &keyResolver{Package: m, src: src, method: method, guard: guard, per: per, pos: pos}
	expr, err := parser.ParseExprFrom(m.pkg.Fset, "per", per, parser.SkipObjectResolution)
	if err != nil {
		offset, message := 0, err.Error()
		if list, ok := errors.AsType[scanner.ErrorList](err); ok && len(list) > 0 {
			offset, message = list[0].Pos.Offset, list[0].Msg
		}
		r.report(offset, "is not an expression: %s", message)
		return nil
	}
	r.file = m.pkg.Fset.File(expr.Pos())
	if lit := funcLit(expr); lit != nil {
		r.report(r.file.Offset(lit.Pos()), "contains a function literal: declare a function, and call that here")
		return nil
	}
	k := &Key{Params: m.paramScope(m.syntax(src, pos), w, method, r.file)}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	if err := types.CheckExpr(m.pkg.Fset, m.pkg.Types, expr.Pos(), expr, info); err != nil {
		r.reportTypeError(expr, err)
		return nil
	}
	value := info.Types[expr]
	k.Type = types.Default(value.Type)
	bare := ast.Unparen(expr)
	start := r.file.Offset(bare.Pos())
	k.Text = per[start:r.file.Offset(bare.End())]
	k.Uses = uses(bare, info)
	if !r.isKey(k, value) {
		return nil
	}
	return k
}

// uses returns the names in an expression that stand without a qualifier.
func uses(expr ast.Expr, info *types.Info) (found []Use) {
	selected := map[*ast.Ident]bool{}
	ast.Inspect(expr, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			selected[node.Sel] = true
		case *ast.Ident:
			if obj := info.Uses[node]; obj != nil && !selected[node] {
				found = append(found, Use{int(node.Pos() - expr.Pos()), int(node.End() - expr.Pos()), obj})
			}
		}
		return true
	})
	return found
}

// report reports a mistake at an offset in the expression.
func (r *keyResolver) report(offset int, format string, args ...any) {
	r.src.reportOn(r.method, codeKey, r.pos+token.Pos(offset), "for %s, per=%s %s", r.method.Name, r.per, fmt.Sprintf(format, args...))
}

// reportTypeError reports an error of the type checker.
func (r *keyResolver) reportTypeError(expr ast.Expr, err error) {
	problem, ok := errors.AsType[types.Error](err)
	if !ok {
		r.report(0, "is not an expression: %v", err)
		return
	}
	offset := r.file.Offset(problem.Pos)
	if name, ok := strings.CutPrefix(problem.Msg, "undefined: "); ok {
		known := r.method.paramNames()
		if !r.method.OnMethod[r.guard] {
			known = append(known, "method")
		}
		if near := directive.Nearest(name, known); near != "" {
			r.report(offset, "does not compile: undefined: %s; did you mean %s?", name, near)
			return
		}
		if callsThrough(expr, name) {
			r.report(offset, "does not compile: %s is neither a parameter of %s nor a package that this file imports (Go needs a use of an import in code); declare a function that uses %s, and call that here; %s",
				name, r.method.Name, name, r.method.paramList())
			return
		}
	}
	r.report(offset, "does not compile: %s; %s; %s", problem.Msg, r.method.paramList(), r.otherExpression())
}

// isKey reports whether an expression is a key. If it is not, it reports why.
func (r *keyResolver) isKey(k *Key, value types.TypeAndValue) bool {
	values, several := value.Type.(*types.Tuple)
	switch {
	case several && values.Len() > 1:
		r.report(0, "yields %d values: write an expression that yields one", values.Len())
		return false
	case several || !value.IsValue() || value.IsNil():
		r.report(0, "is not a value; %s; %s", r.method.paramList(), r.otherExpression())
		return false
	}
	usesParam := false
	for _, use := range k.Uses {
		usesParam = usesParam || slices.Contains(k.Params, use.Object)
		if use.Object.Pkg() == r.pkg.Types && !r.src.inTest() && r.inTest(use.Object) {
			r.report(0, "cannot be used here: %s", testOnly(use.Object.Name()))
			return false
		}
	}
	if !usesParam {
		r.report(0, "uses no parameter, so that all calls have one key; %s; %s, or remove per=", r.method.paramList(), r.otherExpression())
		return false
	}
	if why := unfit(k.Type); why != "" {
		advice := "use a part of it that tells callers apart, such as a name or a number"
		if _, ok := types.Unalias(k.Type).(*types.TypeParam); ok {
			advice = "constrain it with comparable"
		}
		r.report(0, "is %s, %s; %s", gosrc.Article(k.Type), why, advice)
		return false
	}
	if bad := gosrc.Unwritable(k.Type, r.pkg.Types); bad != nil {
		r.report(0, "is %s, and %s; convert it", gosrc.Article(k.Type), unnameable(bad))
		return false
	}
	return true
}

// otherExpression says how to give the method another key.
func (r *keyResolver) otherExpression() string {
	switch {
	case r.src.fromEmbedded(r.method, r.guard):
		return "move the " + r.guard + " from the embedded interface to above this interface, with methods= for the methods that the expression suits"
	case !r.method.OnMethod[r.guard]:
		return "write " + r.method.line(r.guard+" per=") + " with an expression of its own, or limit the directive with methods="
	}
	return "write another expression"
}

// paramScope makes what expressions in source can refer to known in file, and also the
// method's type parameters and parameters. It returns the parameters.
func (m *Package) paramScope(source *ast.File, w *Wrapper, method *Method, file *token.File) (params []types.Object) {
	outer := m.fileScope(source, file)
	for p := range w.TypeParams().TypeParams() {
		outer.Insert(p.Obj())
	}
	inner := types.NewScope(outer, outer.Pos(), outer.End(), method.Name)
	for v := range method.Signature.Params().Variables() {
		param := types.NewParam(token.NoPos, m.pkg.Types, v.Name(), v.Type())
		if v.Name() != "" && v.Name() != "_" {
			inner.Insert(param)
		}
		params = append(params, param)
	}
	return params
}

// fileScope makes what expressions in source can refer to known in file.
func (m *Package) fileScope(source *ast.File, file *token.File) *types.Scope {
	scope := types.NewScope(m.pkg.Types.Scope(), token.Pos(file.Base()), token.Pos(file.Base()+file.Size()+1), "expression")
	if imports := m.pkg.TypesInfo.Scopes[source]; imports != nil {
		for _, name := range imports.Names() {
			scope.Insert(imports.Lookup(name))
		}
	}
	return scope
}

// paramNames returns the parameters that have names.
func (m *Method) paramNames() (names []string) {
	for v := range m.Signature.Params().Variables() {
		if v.Name() != "" && v.Name() != "_" {
			names = append(names, v.Name())
		}
	}
	return names
}

// callsThrough reports whether an expression calls an exported name of a package or value
// called name.
func callsThrough(expr ast.Expr, name string) (found bool) {
	ast.Inspect(expr, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.IsExported() {
				x, ok := sel.X.(*ast.Ident)
				found = found || ok && x.Name == name
			}
		}
		return !found
	})
	return found
}

// funcLit returns a function literal in an expression, or nil.
func funcLit(expr ast.Expr) (found ast.Node) {
	ast.Inspect(expr, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok && found == nil {
			found = lit
		}
		return found == nil
	})
	return found
}

// paramList says which parameters an expression can use.
func (m *Method) paramList() string {
	names := m.paramNames()
	switch len(names) {
	case 0:
		return m.Name + " has no parameter with a name"
	case 1:
		return m.Name + " has the parameter " + names[0]
	}
	return m.Name + " has the parameters " + directive.All(names)
}

// unfit says why values of a type cannot be keys; "" if they can. Keys are compared by ==,
// which must not panic and must find equal what means the same.
func unfit(t types.Type) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		if types.Comparable(t) {
			return ""
		}
		return "which may not be comparable"
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Chan:
		return address
	case *types.Basic:
		if u.Kind() == types.UnsafePointer {
			return address
		}
	case *types.Interface:
		return "which may hold a value that cannot be compared"
	case *types.Array:
		if why := interfaceIn(u.Elem()); why != "" {
			return why
		}
	case *types.Struct:
		if why := interfaceIn(u); why != "" {
			return why
		}
	}
	if !types.Comparable(t) {
		return "which cannot be compared"
	}
	return ""
}

const address = "which compares addresses, not what is there"

// interfaceIn says that a part of a type is an interface; "" if none is.
func interfaceIn(t types.Type) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return "which holds " + gosrc.Article(t) + ", which may hold a value that cannot be compared"
	case *types.Array:
		return interfaceIn(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if why := interfaceIn(f.Type()); why != "" {
				return why
			}
		}
	}
	return ""
}
