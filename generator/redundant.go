package generator

import (
	"bytes"
	"go/ast"
	"maps"
	"reflect"
	"slices"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// redundant returns the directives of a source without which the output is the same. Of
// several that say the same, all but the outermost are redundant.
func redundant(m *model.Package, src *model.Source) []annotations.Directive {
	var found []annotations.Directive
	for _, w := range src.Wrappers {
		kept := *w.Directives
		kept.Directives = slices.Clone(kept.Directives)
		kept.Elements = maps.Clone(kept.Elements)
		try := func(d annotations.Directive, less annotations.Interface) {
			if d.Name != "wrap" && sameWrapper(m, src, w, &less) {
				found = append(found, d)
				kept = less
			}
		}
		for _, element := range slices.SortedFunc(maps.Keys(kept.Elements), func(a, b *ast.Field) int { return int(b.Pos() - a.Pos()) }) {
			for _, d := range slices.Backward(w.Directives.Elements[element]) {
				less := kept
				less.Elements = maps.Clone(kept.Elements)
				less.Elements[element] = without(kept.Elements[element], d)
				if len(less.Elements[element]) == 0 {
					delete(less.Elements, element)
				}
				try(d, less)
			}
		}
		for _, d := range slices.Backward(w.Directives.Directives) {
			less := kept
			less.Directives = without(kept.Directives, d)
			try(d, less)
		}
	}
	return found
}

func without(directives []annotations.Directive, d annotations.Directive) []annotations.Directive {
	return slices.DeleteFunc(slices.Clone(directives), func(other annotations.Directive) bool { return other.Pos == d.Pos })
}

// sameWrapper reports whether other directives on an interface give the same wrapper.
func sameWrapper(m *model.Package, src *model.Source, w *model.Wrapper, directives *annotations.Interface) bool {
	if directives.Declaration == nil && len(directives.Directives) == 0 && len(directives.Elements) == 0 {
		return false // then there is no wrapper
	}
	less := m.Variant(src, w, directives)
	if len(less.Diagnostics) > 0 || len(less.Wrappers) != 1 || !slices.EqualFunc(w.Methods, less.Wrappers[0].Methods, sameEffect) {
		return false
	}
	code := codeOf(src.Only(w))
	return code != nil && bytes.Equal(code, codeOf(less))
}

// sameEffect reports whether two methods have policies of the same effect. A policy without
// guards has none, idempotent counts only if a call may be repeated, and network classifies
// errors even if no directive says so.
func sameEffect(a, b *model.Method) bool {
	policy := func(m *model.Method) (p annotations.Policy) {
		if m.HasGuard() {
			p = m.Policy
			if p.Retry == nil && p.Hedge == nil {
				p.Idempotent = nil
			}
			if c := p.Classify; c != nil && reflect.DeepEqual(*c, annotations.Classify{By: []string{"network"}}) {
				p.Classify = nil
			}
		}
		return p
	}
	return reflect.DeepEqual(policy(a), policy(b))
}
