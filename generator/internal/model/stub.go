package model

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/load"
)

// A generated is a package for which this run writes outputs.
type generated struct {
	types    *types.Package // with stubs
	wrappers []string       // names of wrappers
	declares bool           // it has interfaces that are generated
}

// announce makes what is generated here known to packages that are built later.
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

// stubs returns a file with declarations of what is generated, to be type-checked with
// the package or after it: interfaces, which have no methods yet, and wrappers, which
// have the methods of their interfaces and nothing else.
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
			isName := func(d *Derived) bool { return d.Declaration.Name == name }
			if !m.reserved(name) && !m.takenAt(name).IsValid() && !slices.ContainsFunc(m.derived, isName) {
				declare(stub(name, i.Spec))
			}
		}
	}
	return file
}

// stub returns the declaration of a struct that embeds the interface, with its type
// parameters.
func stub(name string, iface *ast.TypeSpec) *ast.TypeSpec {
	ident := func(name string) *ast.Ident { return &ast.Ident{NamePos: iface.Pos(), Name: name} }
	spec := &ast.TypeSpec{Name: ident(name)}
	var embedded ast.Expr = ident(iface.Name.Name)
	if n := iface.TypeParams.NumFields(); n > 0 {
		taken := map[string]bool{iface.Name.Name: true}
		anything := &ast.InterfaceType{Methods: &ast.FieldList{}} // errors about constraints do not count
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

// needsRecheck reports whether the package refers to what this run generates here, or in
// a package that this one imports.
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
