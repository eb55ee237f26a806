package model

import (
	"errors"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// reportBroken reports that the file cannot be parsed.
func (s *Source) reportBroken(err error) {
	pos, message := s.Package.Fset.Position(s.Syntax.Package), err.Error()
	if list, ok := errors.AsType[scanner.ErrorList](err); ok && len(list) > 0 {
		pos, message = list[0].Pos, list[0].Msg // the other errors may follow from it
	}
	s.Diagnostics = append(s.Diagnostics, annotations.NewDiagnostic(pos, codeSource, "the file cannot be read: %s", message))
}

// unresolved returns a diagnostic for each part of an interface's declaration that does
// not compile or whose type is unknown.
func (s *Source) unresolved(spec *ast.TypeSpec, obj *types.TypeName) []annotations.Diagnostic {
	name := spec.Name.Name
	var found []annotations.Diagnostic
	explain := func(node ast.Node, what string) {
		for _, e := range s.Package.TypeErrors {
			if node.Pos() <= e.Pos && e.Pos <= node.End() {
				found = append(found, annotations.NewDiagnostic(s.Package.Fset.Position(e.Pos), codeSource, "%s does not compile: %s", what, e.Msg))
				return
			}
		}
		found = append(found, annotations.NewDiagnostic(s.Package.Fset.Position(node.Pos()), codeSource,
			"%s uses a type of %s, which cannot be loaded; make that package compile, or run go get for it", what, s.declarer(node)))
	}
	if obj.Type().Underlying() == types.Typ[types.Invalid] {
		explain(spec, name)
		return found
	}
	check := func(expr ast.Expr, what string) {
		if invalid(s.Package.TypesInfo.TypeOf(expr)) {
			explain(expr, what)
		}
	}
	if spec.TypeParams != nil {
		for _, f := range spec.TypeParams.List {
			check(f.Type, name)
		}
	}
	syntax, ok := ast.Unparen(spec.Type).(*ast.InterfaceType)
	if !ok {
		check(spec.Type, name)
		return s.appendErrors(found, spec)
	}
	for _, f := range syntax.Methods.List {
		if len(f.Names) == 0 {
			check(f.Type, name)
			continue
		}
		signature, ok := f.Type.(*ast.FuncType)
		if !ok {
			continue
		}
		for _, list := range []*ast.FieldList{signature.Params, signature.Results} {
			if list != nil {
				for _, param := range list.List {
					check(param.Type, name+"."+f.Names[0].Name)
				}
			}
		}
	}
	return s.appendErrors(found, spec)
}

// appendErrors adds the other errors of the compiler in the declaration of an interface,
// and of those of this package that it has its methods from: the type checker knows the
// types of such an interface and leaves out, for example, a method that is declared twice.
func (s *Source) appendErrors(found []annotations.Diagnostic, spec *ast.TypeSpec) []annotations.Diagnostic {
	for _, declared := range s.declarations(spec) {
		for _, e := range s.Package.TypeErrors {
			pos := s.Package.Fset.Position(e.Pos)
			if e.Pos < declared.Pos() || declared.End() < e.Pos ||
				strings.HasPrefix(e.Msg, "\t") || // it continues the one before
				slices.ContainsFunc(found, func(d annotations.Diagnostic) bool { return d.Pos == pos }) {
				continue
			}
			found = append(found, annotations.NewDiagnostic(pos, codeSource, "%s does not compile: %s", declared.Name.Name, e.Msg))
		}
	}
	return found
}

// declarations returns the declaration of an interface, and those in this package of the
// interfaces that it embeds, directly or through others.
func (s *Source) declarations(spec *ast.TypeSpec) []*ast.TypeSpec {
	all := []*ast.TypeSpec{spec}
	for k := 0; k < len(all); k++ { // all grows
		embedded := []ast.Expr{all[k].Type}
		if syntax, ok := ast.Unparen(all[k].Type).(*ast.InterfaceType); ok {
			embedded = nil
			for _, element := range syntax.Methods.List {
				if len(element.Names) == 0 {
					embedded = append(embedded, element.Type)
				}
			}
		}
		for _, x := range embedded {
			if other := s.declaration(x); other != nil && !slices.Contains(all, other) {
				all = append(all, other)
			}
		}
	}
	return all
}

// declaration returns the declaration in this package of a type that an expression names,
// perhaps with type arguments; nil if there is none.
func (s *Source) declaration(x ast.Expr) *ast.TypeSpec {
	switch generic := ast.Unparen(x).(type) {
	case *ast.IndexExpr:
		x = generic.X
	case *ast.IndexListExpr:
		x = generic.X
	}
	name, ok := ast.Unparen(x).(*ast.Ident)
	if !ok {
		return nil
	}
	for _, file := range s.Package.Syntax {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.Name == name.Name {
						return spec
					}
				}
			}
		}
	}
	return nil
}

// unresolvedMethods reports methods of embedded interfaces that have an unknown type, and
// returns whether there are any.
func (s *Source) unresolvedMethods(w *Wrapper) bool {
	found := false
	for _, m := range w.Methods {
		if invalid(m.Signature) {
			found = true
			s.Report(codeSource, m.Pos, "%s.%s has an unknown type in its declaration at %s; make that code compile",
				w.Interface.Name(), m.Name, filepath.Base(s.Package.Fset.Position(m.Func.Pos()).String()))
		}
	}
	return found
}

// declarer describes the package from which an expression takes a type.
func (s *Source) declarer(node ast.Node) string {
	name := "another package"
	ast.Inspect(node, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				if imported, ok := s.Package.TypesInfo.Uses[x].(*types.PkgName); ok {
					name = "package " + imported.Imported().Path()
				}
			}
		}
		return true
	})
	return name
}

// invalid reports whether a part of a type is unknown.
func invalid(t types.Type) bool {
	bad := false
	gosrc.Walk(t, func(t types.Type) bool {
		basic, ok := t.(*types.Basic)
		bad = bad || ok && basic.Kind() == types.Invalid
		return !bad
	})
	return bad
}
