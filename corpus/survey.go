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

// A surveyed is a package that others may import, with its exported interfaces.
type surveyed struct {
	*types.Package
	module     string
	interfaces []*types.TypeName
	declared   []*declaration
}

// survey finds the exported interfaces of the packages that match the patterns.
func survey(ctx context.Context, patterns []string) ([]*surveyed, error) {
	found, err := packages.Load(&packages.Config{
		Context: ctx,
		Mode:    packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes | packages.NeedModule,
	}, patterns...)
	if err != nil {
		return nil, err
	}
	var list []*surveyed
	for _, p := range found {
		if p.Name == "main" || len(p.GoFiles) == 0 || !public(p.PkgPath) {
			continue
		}
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
		s := &surveyed{Package: p.Types, module: "std"}
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
	slices.SortFunc(list, func(a, b *surveyed) int { return strings.Compare(a.Path(), b.Path()) })
	return list, nil
}

// public reports whether any package may import that path.
func public(path string) bool {
	return !slices.ContainsFunc(strings.Split(path, "/"), func(element string) bool {
		return element == "internal" || element == "vendor"
	})
}
