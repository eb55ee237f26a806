package generator

import (
	"bytes"
	"go/ast"
	"maps"
	"reflect"
	"slices"

	"github.com/resilgen/resilgen/annotations"
)

// idle finds the directives that could be left out of a source without a
// difference. Of several that say the same, all but the outermost are idle.
func idle(m *model, src *source) []annotations.Directive {
	var found []annotations.Directive
	for _, w := range src.wrappers {
		kept := *w.directives
		kept.Directives = slices.Clone(kept.Directives)
		kept.Elements = maps.Clone(kept.Elements)
		try := func(d annotations.Directive, less annotations.Interface) {
			if d.Name != "wrap" && same(m, src, w, &less) {
				found = append(found, d)
				kept = less
			}
		}
		for _, element := range slices.SortedFunc(maps.Keys(kept.Elements), func(a, b *ast.Field) int { return int(b.Pos() - a.Pos()) }) {
			for _, d := range slices.Backward(w.directives.Elements[element]) {
				less := kept
				less.Elements = maps.Clone(kept.Elements)
				less.Elements[element] = without(kept.Elements[element], d)
				if len(less.Elements[element]) == 0 {
					delete(less.Elements, element)
				}
				try(d, less)
			}
		}
		for _, d := range slices.Backward(w.directives.Directives) {
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

// same reports whether other directives on an interface give the same wrapper.
func same(m *model, src *source, w *wrapper, directives *annotations.Interface) bool {
	if directives.Declaration == nil && len(directives.Directives) == 0 && len(directives.Elements) == 0 {
		return false // nothing would be generated
	}
	less := m.variant(src, w, directives)
	if len(less.diagnostics) > 0 || len(less.wrappers) != 1 || !slices.EqualFunc(w.methods, less.wrappers[0].methods, alike) {
		return false
	}
	code := codeOf(src.only(w))
	return code != nil && bytes.Equal(code, codeOf(less))
}

// alike reports whether two methods have one policy. Methods without guards do,
// being idempotent counts only where a call may be repeated, and network judges
// errors where nothing is said of it.
func alike(a, b *method) bool {
	policy := func(m *method) (p annotations.Policy) {
		if m.hasGuard() {
			p = m.Policy
			p.Idempotent = p.Idempotent && (p.Retry != nil || p.Hedge != nil)
			if c := p.Classify; c != nil && reflect.DeepEqual(*c, annotations.Classify{By: []string{"network"}}) {
				p.Classify = nil
			}
		}
		return p
	}
	return reflect.DeepEqual(policy(a), policy(b))
}
