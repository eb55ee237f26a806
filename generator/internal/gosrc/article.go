package gosrc

import (
	"go/types"
	"strings"
)

// TypeName is how messages write a type: with the names of packages.
func TypeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// Article is a type as messages write it, behind its article.
func Article(t types.Type) string {
	name := TypeName(t)
	if first := strings.TrimLeft(name, "*"); first != "" && strings.ContainsRune("aeiouAEIOU", rune(first[0])) {
		return "an " + name
	}
	return "a " + name
}

// WithArticle is a name behind its article.
func WithArticle(name string) string {
	if strings.ContainsRune("AEIOaeio", rune(name[0])) || strings.HasPrefix(name, "Un") && !strings.HasPrefix(name, "Uni") {
		return "an " + name
	}
	return "a " + name
}
