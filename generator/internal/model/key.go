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

// A Key is what the guards of a method are kept by.
type Key struct {
	Expr   ast.Expr
	Uses   map[*ast.Ident]types.Object
	Params []types.Object // the method's, as the expression sees them
	Type   types.Type
}

// keys reads the per= expressions of an interface's methods.
func (m *Package) resolveKeys(src *Source, w *Wrapper) {
	type state struct{ directive, owner string }
	first := map[state]*Method{}
	for _, method := range w.Methods {
		var from string // the directive that the key comes from
		var per string
		for directive, s := range method.Policy.Scopes {
			pos := method.Origins[directive+".per"].ValuePos
			switch {
			case s.Per == "":
				continue
			case per == "":
				from, per = directive, s.Per
				method.Key = m.resolveKey(src, w, method, directive, per, pos)
			case per != s.Per:
				src.reportOn(method, codeKey, pos, "for %s, the %s is kept by %s and the %s by %s: a method has one key; combine the two in a function",
					method.Name, from, per, directive, s.Per)
				method.Key = nil
			}
			if method.Key == nil {
				break
			}
			same := state{directive, method.States[directive]}
			other := first[same]
			if other == nil {
				first[same] = method
			} else if !types.Identical(other.Key.Type, method.Key.Type) {
				src.reportOn(method, codeKey, pos, "%s is %s for %s and %s for %s, which share the %s %s: write an expression that has one type, or limit the directive with methods=",
					per, gosrc.Article(other.Key.Type), other.Name, gosrc.Article(method.Key.Type), method.Name, directive, same.owner)
			}
		}
	}
}

// key type-checks an expression over a method's parameters. It returns nil if it
// is no key, which has been reported.
func (m *Package) resolveKey(src *Source, w *Wrapper, method *Method, guard, per string, pos token.Pos) *Key {
	wrong := func(offset int, format string, args ...any) *Key {
		src.reportOn(method, codeKey, pos+token.Pos(offset), "for %s, per=%s %s", method.Name, per, fmt.Sprintf(format, args...))
		return nil
	}
	wayOut := "write another expression"
	if src.fromEmbedded(method, guard) {
		wayOut = "move the " + guard + " from what is embedded to above the interface, with methods= for those that the expression suits"
	} else if !method.OnMethod[guard] {
		wayOut = "write " + method.line(guard+" per=") + " with an expression of its own, or limit the directive with methods="
	}
	expr, err := parser.ParseExprFrom(m.pkg.Fset, "per", per, parser.SkipObjectResolution)
	if err != nil {
		if list, ok := errors.AsType[scanner.ErrorList](err); ok && len(list) > 0 {
			return wrong(list[0].Pos.Offset, "is no expression: %s", list[0].Msg)
		}
		return wrong(0, "is no expression: %v", err)
	}
	file := m.pkg.Fset.File(expr.Pos())
	if lit := funcLit(expr); lit != nil {
		return wrong(file.Offset(lit.Pos()), "declares a function: give it a name elsewhere and call it")
	}
	k := &Key{Expr: expr, Uses: map[*ast.Ident]types.Object{}, Params: m.paramScope(m.syntax(src, pos), w, method, file)}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: k.Uses}
	if err := types.CheckExpr(m.pkg.Fset, m.pkg.Types, expr.Pos(), expr, info); err != nil {
		problem, ok := errors.AsType[types.Error](err)
		if !ok {
			return wrong(0, "is no expression: %v", err)
		}
		if name, ok := strings.CutPrefix(problem.Msg, "undefined: "); ok {
			known := method.paramNames()
			if !method.OnMethod[guard] {
				known = append(known, "method")
			}
			if near := directive.Nearest(name, known); near != "" {
				return wrong(file.Offset(problem.Pos), "does not compile: undefined: %s; did you mean %s?", name, near)
			}
			if callsThrough(expr, name) {
				return wrong(file.Offset(problem.Pos), "does not compile: %s is neither a parameter of %s nor a package that the file imports, which it can only for code of its own; declare a function that uses %s, and call that here; %s",
					name, method.Name, name, method.paramList())
			}
		}
		return wrong(file.Offset(problem.Pos), "does not compile: %s; %s; %s", problem.Msg, method.paramList(), wayOut)
	}
	value := info.Types[expr]
	if values, ok := value.Type.(*types.Tuple); ok || !value.IsValue() || value.IsNil() {
		if ok && values.Len() > 1 {
			return wrong(0, "yields %d values: write one that yields one", values.Len())
		}
		return wrong(0, "is no value; %s; %s", method.paramList(), wayOut)
	}
	mentions := false
	for _, used := range k.Uses {
		mentions = mentions || slices.Contains(k.Params, used)
		if used.Pkg() == m.pkg.Types && !src.inTest() && m.inTest(used) {
			return wrong(0, "uses %s, which only tests have; declare it in a file that is no test", used.Name())
		}
	}
	if !mentions {
		return wrong(0, "mentions no parameter, so that all calls would have one key; %s; %s, or leave per= out", method.paramList(), wayOut)
	}
	k.Type = types.Default(value.Type)
	if why := unfit(k.Type); why != "" {
		advice := "use something in it that tells callers apart, such as a name or number"
		if _, ok := types.Unalias(k.Type).(*types.TypeParam); ok {
			advice = "constrain it by comparable"
		}
		return wrong(0, "is %s, %s; %s", gosrc.Article(k.Type), why, advice)
	}
	if bad := gosrc.Unwritable(k.Type, m.pkg.Types); bad != nil {
		return wrong(0, "is %s, and %s cannot be named in this package; convert it", gosrc.Article(k.Type), bad)
	}
	return k
}

// scope makes expressions in file see what those in source do, and the method's
// type parameters and parameters, which it returns.
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

// fileScope makes expressions in file see what those in source do.
func (m *Package) fileScope(source *ast.File, file *token.File) *types.Scope {
	scope := types.NewScope(m.pkg.Types.Scope(), token.Pos(file.Base()), token.Pos(file.Base()+file.Size()+1), "expression")
	if imports := m.pkg.TypesInfo.Scopes[source]; imports != nil {
		for _, name := range imports.Names() {
			scope.Insert(imports.Lookup(name))
		}
	}
	return scope
}

func (m *Method) paramNames() (names []string) {
	for v := range m.Signature.Params().Variables() {
		if v.Name() != "" && v.Name() != "_" {
			names = append(names, v.Name())
		}
	}
	return names
}

// qualifies reports whether name stands before an exported name that is called.
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

func funcLit(expr ast.Expr) (found ast.Node) {
	ast.Inspect(expr, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok && found == nil {
			found = lit
		}
		return found == nil
	})
	return found
}

// parameters names those that an expression can mention.
func (m *Method) paramList() string {
	names := m.paramNames()
	switch len(names) {
	case 0:
		return m.Name + " has no parameter with a name"
	case 1:
		return m.Name + " has the parameter " + names[0]
	}
	return m.Name + " has the parameters " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// unfit says why values of a type cannot be keys, or nothing if they can. Keys
// are compared by ==, which must neither panic nor tell equals apart.
func unfit(t types.Type) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		if types.Comparable(t) {
			return ""
		}
		return "which need not be comparable"
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Chan:
		return "which says where something is and not what"
	case *types.Basic:
		if u.Kind() == types.UnsafePointer {
			return "which says where something is and not what"
		}
	case *types.Interface:
		return "which may hold what cannot be compared"
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

// dynamic finds an interface among the parts of a type.
func interfaceIn(t types.Type) string {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return "which holds " + gosrc.Article(t) + ", and that may hold what cannot be compared"
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
