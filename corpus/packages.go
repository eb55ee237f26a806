package main

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A corpusPackage is a package of the corpus with its exported interfaces.
type corpusPackage struct {
	*types.Package
	module       string // path of the module, or std
	interfaces   []*types.TypeName
	declarations []*declaration
}

// load returns the packages that match the patterns, that any package may import and
// that have exported interfaces, sorted by path.
func load(ctx context.Context, patterns []string) ([]*corpusPackage, error) {
	found, err := packages.Load(&packages.Config{
		Context: ctx,
		Mode:    packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes | packages.NeedModule,
	}, patterns...)
	if err != nil {
		return nil, err
	}
	var list []*corpusPackage
	for _, p := range found {
		if p.Name == "main" || len(p.GoFiles) == 0 || !isPublic(p.PkgPath) {
			continue
		}
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
		s := &corpusPackage{Package: p.Types, module: "std"}
		if p.Module != nil {
			s.module = p.Module.Path
		}
		scope := p.Types.Scope()
		for _, name := range scope.Names() {
			obj, ok := scope.Lookup(name).(*types.TypeName)
			if ok && token.IsExported(name) && types.IsInterface(obj.Type()) {
				s.interfaces = append(s.interfaces, obj)
			}
		}
		if len(s.interfaces) > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *corpusPackage) int { return strings.Compare(a.Path(), b.Path()) })
	return list, nil
}

// isPublic reports whether any package may import that path.
func isPublic(path string) bool {
	return !slices.ContainsFunc(strings.Split(path, "/"), func(element string) bool {
		return element == "internal" || element == "vendor"
	})
}
