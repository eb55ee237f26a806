package model

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/load"
)

// A generated is a package whose outputs this run writes.
type generated struct {
	types    *types.Package // with stubs for all wrappers
	wrappers []string
	declares bool // it has interfaces that are generated
}

// BuildAll builds the models of packages, each after those that it imports, and
// yields them as they are made.
func BuildAll(ctx context.Context, pkgs []*load.Package) iter.Seq[*Package] {
	return func(yield func(*Package) bool) {
		shared := map[string]*generated{}
		for _, p := range importsFirst(pkgs) {
			m := &Package{ctx: ctx, pkg: p, generated: shared}
			m.build()
			if !yield(m) {
				return
			}
		}
	}
}

// importsFirst sorts packages so that each stands after those that it imports.
func importsFirst(pkgs []*load.Package) (sorted []*load.Package) {
	byPath := map[string]*load.Package{}
	for _, p := range pkgs {
		byPath[p.PkgPath] = p
	}
	seen := map[*load.Package]bool{nil: true}
	var add func(*load.Package)
	add = func(p *load.Package) {
		if seen[p] {
			return
		}
		seen[p] = true
		if p.Types != nil {
			for _, imported := range p.Types.Imports() {
				add(byPath[imported.Path()])
			}
		}
		sorted = append(sorted, p)
	}
	for _, p := range pkgs {
		add(p)
	}
	return sorted
}

// announce tells the models that are yet to come what is generated here.
func (m *Package) announce() {
	names := m.wrapperNames()
	if len(names) == 0 {
		return
	}
	if !m.stubbed {
		m.checkFiles(m.pkg.Types, load.NewInfo(), []*ast.File{m.stubs()})
	}
	m.generated[m.pkg.Types.Path()] = &generated{m.pkg.Types, names, len(m.derived) > 0}
}

func (m *Package) wrapperNames() (names []string) {
	for _, src := range m.Sources {
		for _, i := range src.Interfaces {
			names = append(names, i.WrapperName())
		}
	}
	return names
}

// stubs declares what the package is yet to get, as a file to check with it or
// after it: the interfaces that are made, which have no methods yet, and the
// wrappers, of which all that is said is that they have the methods of their
// interfaces.
func (m *Package) stubs() *ast.File {
	file := &ast.File{Name: ast.NewIdent(m.pkg.Types.Name())}
	declare := func(spec *ast.TypeSpec) {
		file.Decls = append(file.Decls, &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{spec}})
	}
	for _, d := range m.derived {
		if len(d.problems) == 0 {
			declare(d.Spec)
		}
	}
	for _, src := range m.Sources {
		for _, i := range src.Interfaces {
			name := i.WrapperName()
			isMade := func(d *Derived) bool { return d.Declaration.Name == name }
			if !m.reserved(name) && !m.takenAt(name).IsValid() && !slices.ContainsFunc(m.derived, isMade) {
				declare(stub(name, i.Spec))
			}
		}
	}
	return file
}

// stub declares a struct with the interface's type parameters that embeds it.
func stub(name string, iface *ast.TypeSpec) *ast.TypeSpec {
	ident := func(name string) *ast.Ident { return &ast.Ident{NamePos: iface.Pos(), Name: name} }
	spec := &ast.TypeSpec{Name: ident(name)}
	var embedded ast.Expr = ident(iface.Name.Name)
	if n := iface.TypeParams.NumFields(); n > 0 {
		taken := map[string]bool{iface.Name.Name: true}
		anything := &ast.InterfaceType{Methods: &ast.FieldList{}} // that it may satisfy too little is no matter
		params := &ast.Field{Type: anything}
		var args []ast.Expr
		for range n {
			p := gosrc.Unused(taken, "T")
			taken[p] = true
			params.Names, args = append(params.Names, ident(p)), append(args, ident(p))
		}
		spec.TypeParams = &ast.FieldList{List: []*ast.Field{params}}
		embedded = &ast.IndexListExpr{X: embedded, Indices: args}
	}
	spec.Type = &ast.StructType{Fields: &ast.FieldList{List: []*ast.Field{{Type: embedded}}}}
	return spec
}

// wanting reports whether something is missing from the package that the run
// generates here or has generated in a package that this one imports.
func (m *Package) needsRecheck() bool {
	names := m.wrapperNames()
	if len(names) == 0 {
		return false
	}
	for _, imported := range m.pkg.Types.Imports() {
		if g := m.generated[imported.Path()]; g != nil {
			if g.declares {
				return true
			}
			names = append(names, g.wrappers...)
		}
	}
	return slices.ContainsFunc(m.pkg.TypeErrors, func(e types.Error) bool {
		name, ok := strings.CutPrefix(e.Msg, "undefined: ")
		_, name, _ = splitLast(name)
		return ok && slices.Contains(names, name)
	})
}
