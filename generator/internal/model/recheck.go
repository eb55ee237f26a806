package model

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/load"
)

// recheck type-checks the package again, together with stubs.
func (m *Package) recheck() {
	pkg, info := types.NewPackage(m.pkg.Types.Path(), m.pkg.Types.Name()), load.NewInfo()
	problems := m.checkFiles(pkg, info, append(slices.Clone(m.pkg.Syntax), m.stubs()))
	// The interfaces among the stubs have no methods yet: errors about constraints do not
	// count.
	problems = slices.DeleteFunc(problems, func(e types.Error) bool { return strings.Contains(e.Msg, " does not satisfy ") })
	m.pkg.Types, m.pkg.TypesInfo, m.pkg.TypeErrors = pkg, info, problems
	m.stubbed = true
}

// checkFiles type-checks files as part of a package, which may have other files.
func (m *Package) checkFiles(pkg *types.Package, info *types.Info, files []*ast.File) (problems []types.Error) {
	known := m.known()
	conf := types.Config{
		GoVersion:        m.pkg.Types.GoVersion(),
		Sizes:            m.pkg.TypesSizes,
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Importer: load.ImporterFunc(func(path string) (*types.Package, error) {
			if parts := known[path]; parts != nil {
				if p := merge(parts); p.Scope().Len() > 0 || path == "unsafe" {
					return p, nil
				}
			}
			return nil, fmt.Errorf("package %s cannot be loaded", path)
		}),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok {
				problems = append(problems, e)
			}
		},
	}
	types.NewChecker(&conf, m.pkg.Fset, pkg, info).Files(files)
	return problems
}

// known returns the packages that the package imports, directly or through others, and
// then those that directives name, by path. There may be several for a path: of a
// package that is imported indirectly, only the part that others refer to was read.
func (m *Package) known() map[string][]*types.Package {
	known := map[string][]*types.Package{"unsafe": {types.Unsafe}}
	seen := map[*types.Package]bool{}
	visit := func(next []*types.Package) {
		for len(next) > 0 {
			p := next[0]
			next = next[1:]
			if g := m.generated[p.Path()]; g != nil {
				p = g.types
			}
			if !seen[p] {
				seen[p] = true
				known[p.Path()] = append(known[p.Path()], p)
				next = append(next, p.Imports()...)
			}
		}
	}
	visit(slices.Concat(m.pkg.Types.Imports(), m.pkg.Known))
	for _, path := range slices.Sorted(maps.Keys(m.loaded)) {
		if p := m.loaded[path]; p != nil {
			visit([]*types.Package{p})
		}
	}
	return known
}

// merge returns a package with all that its parts have. If several parts have a name, the
// first one counts.
func merge(parts []*types.Package) *types.Package {
	if parts[0].Complete() && parts[0].Scope().Len() > 0 {
		return parts[0]
	}
	p := types.NewPackage(parts[0].Path(), parts[0].Name())
	for _, part := range parts {
		for _, name := range part.Scope().Names() {
			p.Scope().Insert(part.Scope().Lookup(name)) // unless an earlier part has it
		}
	}
	p.MarkComplete()
	return p
}
