package gosrc

import (
	"go/types"

	"github.com/resilgen/resilgen/internal/directive"
)

// TypeName returns a type as messages write it: with the names of packages.
func TypeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// TypeNameIn returns a type as code in pkg writes it if its imports have the names of
// their packages.
func TypeNameIn(pkg *types.Package, t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == pkg || p.Path() == pkg.Path() {
			return ""
		}
		return p.Name()
	})
}

// Article returns a type as messages write it, with its article.
func Article(t types.Type) string { return directive.Article(TypeName(t)) }
