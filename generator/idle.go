package generator

import (
	"go/ast"
	"maps"
	"reflect"
	"slices"

	"github.com/resilgen/resilgen/annotations"
)

// idle finds the directives that could be left out of a source without a
// difference. Of several that say the same, all but the outermost are idle.
func (m *model) idle(src *source) []annotations.Directive {
	var found []annotations.Directive
	for _, w := range src.wrappers {
		kept := *w.directives
		kept.Directives = slices.Clone(kept.Directives)
		kept.Elements = maps.Clone(kept.Elements)
		try := func(d annotations.Directive, less annotations.Interface) {
			if d.Name != "wrap" && m.same(src, w, &less) {
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
func (m *model) same(src *source, w *wrapper, directives *annotations.Interface) bool {
	if len(directives.Directives) == 0 && len(directives.Elements) == 0 {
		return false // nothing would be generated
	}
	scratch := &source{pkg: src.pkg, path: src.path, output: src.output, syntax: src.syntax}
	m.wrap(scratch, directives)
	if len(scratch.diagnostics) > 0 || len(scratch.wrappers) != 1 || scratch.wrappers[0].name != w.name {
		return false
	}
	return slices.EqualFunc(w.methods, scratch.wrappers[0].methods, func(a, b *method) bool {
		if !a.guarded() || !b.guarded() {
			return a.guarded() == b.guarded()
		}
		return reflect.DeepEqual(a.repeated(), b.repeated()) && maps.Equal(a.Owners, b.Owners)
	})
}

// repeated is the method's policy, in which being idempotent counts only where a
// call may be repeated.
func (m *method) repeated() any {
	p := m.Policy
	p.Idempotent = p.Idempotent && (p.Retry != nil || p.Hedge != nil)
	return p
}
