package generator

import (
	"go/types"
	"strings"
)

func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

func article(t types.Type) string {
	name := typeName(t)
	if first := strings.TrimLeft(name, "*"); first != "" && strings.ContainsRune("aeiouAEIOU", rune(first[0])) {
		return "an " + name
	}
	return "a " + name
}

func withArticle(name string) string {
	if strings.ContainsRune("AEIOaeio", rune(name[0])) || strings.HasPrefix(name, "Un") && !strings.HasPrefix(name, "Uni") {
		return "an " + name
	}
	return "a " + name
}
