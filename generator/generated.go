package generator

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/load"
)

// A generated is a package whose outputs this run writes.
type generated struct {
	types    *types.Package // with stubs for all wrappers
	wrappers []string
	declares bool // it has interfaces that are generated
}

// models are the models of packages, each after those that it imports. They are
// to be built in that order.
func models(ctx context.Context, pkgs []*load.Package) (all []*model) {
	byPath := map[string]*load.Package{}
	for _, p := range pkgs {
		byPath[p.PkgPath] = p
	}
	shared := map[string]*generated{}
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
		all = append(all, &model{ctx: ctx, pkg: p, generated: shared})
	}
	for _, p := range pkgs {
		add(p)
	}
	return all
}

// announce tells the models that are yet to come what is generated here.
func (m *model) announce() {
	if names := m.wrapperNames(); len(names) > 0 {
		m.stub(m.pkg.Types)
		if m.generated != nil {
			m.generated[m.pkg.Types.Path()] = &generated{m.pkg.Types, names, len(m.derived) > 0}
		}
	}
}

func (m *model) wrapperNames() (names []string) {
	for _, src := range m.sources {
		for _, i := range src.interfaces {
			names = append(names, i.WrapperName())
		}
	}
	return names
}

// stub declares the wrappers in a package that is checked already. All that is
// said of them is that they have the methods of their interfaces.
func (m *model) stub(pkg *types.Package) {
	m.eachStub(func(_ *source, i *annotations.Interface, name string) {
		obj := types.NewTypeName(i.Spec.Pos(), pkg, name, nil)
		stub := types.NewNamed(obj, nil, nil)
		params := typeParams(pkg, i.Spec.TypeParams.NumFields())
		stub.SetTypeParams(params)
		var fields []*types.Var
		if iface := pkg.Scope().Lookup(i.Spec.Name.Name); iface != nil && types.IsInterface(iface.Type()) {
			t := iface.Type()
			if len(params) > 0 {
				var args []types.Type
				for _, p := range params {
					args = append(args, p)
				}
				if made, err := types.Instantiate(nil, t, args, false); err == nil {
					t = made
				}
			}
			fields = append(fields, types.NewField(i.Spec.Pos(), pkg, iface.Name(), t, true))
		}
		stub.SetUnderlying(types.NewStruct(fields, nil))
		pkg.Scope().Insert(obj)
	})
}

// stubs are the same declarations as files to check with the package.
func (m *model) stubs() (files []*ast.File) {
	m.eachStub(func(src *source, i *annotations.Interface, name string) {
		iface := i.Spec.Name.Name
		taken := map[string]bool{iface: true}
		var params, args string
		for range i.Spec.TypeParams.NumFields() {
			p := fresh(taken, "T")
			taken[p] = true
			params += p + " interface{}," // that it may satisfy too little is no matter
			args += p + ","
		}
		if args != "" {
			params, args = "["+params+"]", "["+args+"]"
		}
		code := fmt.Sprintf("package %s; type %s%s struct { %s%s }", m.pkg.Types.Name(), name, params, iface, args)
		if file, err := parser.ParseFile(m.pkg.Fset, src.path, code, parser.SkipObjectResolution); err == nil {
			files = append(files, file)
		}
	})
	return files
}

// eachStub calls f with the wrappers that the package can declare.
func (m *model) eachStub(f func(src *source, i *annotations.Interface, name string)) {
	for _, src := range m.sources {
		for _, i := range src.interfaces {
			name := i.WrapperName()
			if !m.reserved(name) && !m.taken(name).IsValid() && !slices.ContainsFunc(m.derived, func(d *derived) bool { return d.Declaration.Name == name }) {
				f(src, i, name)
			}
		}
	}
}

// typeParams makes n type parameters, which any type may stand for.
func typeParams(pkg *types.Package, n int) (params []*types.TypeParam) {
	for range n {
		obj := types.NewTypeName(token.NoPos, pkg, "_", nil)
		params = append(params, types.NewTypeParam(obj, types.Universe.Lookup("any").Type()))
	}
	return params
}

// wanting reports whether something is missing from the package that the run
// generates here or has generated in a package that this one imports.
func (m *model) wanting() bool {
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
		_, name, _ = cutLast(name)
		return ok && slices.Contains(names, name)
	})
}
