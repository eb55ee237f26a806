package generator

import (
	"context"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A generated is a package whose outputs this run writes.
type generated struct {
	types    *types.Package // with stubs for all wrappers
	wrappers []string
	declares bool // it has interfaces that are generated
}

// models builds the models of packages, each after those that it imports.
func models(ctx context.Context, pkgs []*pkg) []*model {
	byPath := map[string]*model{}
	var all []*model
	shared := map[string]*generated{}
	for _, p := range pkgs {
		m := &model{ctx: ctx, pkg: p, generated: shared}
		all = append(all, m)
		byPath[p.PkgPath] = m
	}
	built := map[*model]bool{}
	var build func(*model)
	build = func(m *model) {
		if m == nil || built[m] {
			return
		}
		built[m] = true
		if m.pkg.Types != nil {
			for _, imported := range m.pkg.Types.Imports() {
				build(byPath[imported.Path()])
			}
		}
		m.build()
	}
	for _, m := range all {
		build(m)
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
			names = append(names, i.Wrapper().Name)
		}
	}
	return names
}

// stub declares the wrappers in a package, without saying what they are.
func (m *model) stub(pkg *types.Package) {
	for _, src := range m.sources {
		for _, i := range src.interfaces {
			name := i.Wrapper().Name
			if m.reserved(name) || m.taken(name).IsValid() || slices.ContainsFunc(m.derived, func(d *derived) bool { return d.Declaration.Name == name }) {
				continue
			}
			obj := types.NewTypeName(i.Spec.Pos(), pkg, name, nil)
			stub := types.NewNamed(obj, types.NewStruct(nil, nil), nil)
			stub.SetTypeParams(typeParams(pkg, i.Spec.TypeParams.NumFields()))
			pkg.Scope().Insert(obj)
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
