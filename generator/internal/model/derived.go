package model

import (
	"fmt"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// A Derived is an interface that a comment group makes from the methods of
// another type.
type Derived struct {
	*annotations.Interface
	src      *Source
	From     types.Type // *s3.Client, or an interface
	Methods  []*types.Func
	Omitted  []string // methods that cannot be written down here
	problems []annotations.Diagnostic
}

func (d *Derived) report(code string, pos token.Pos, format string, args ...any) {
	d.problems = append(d.problems, annotations.Diagnostic{Pos: d.src.Package.Fset.Position(pos), Code: code, Message: fmt.Sprintf(format, args...)})
}

// made is the interface that a comment group makes, if it is sound.
func (m *Package) derivedOf(i *annotations.Interface) *Derived {
	for _, d := range m.derived {
		if d.Declaration == i.Declaration && len(d.problems) == 0 {
			return d
		}
	}
	return nil
}

// list lists the interface's methods.
func (d *Derived) list() (methods []*Method) {
	for _, fn := range d.Methods {
		m := newMethod(fn, fn.Signature(), nil, d.Declaration.Pos(), d.src.Package.Types)
		m.inGroup = true
		methods = append(methods, m)
	}
	return methods
}

// declare makes the interfaces that comment groups ask for, and has the package
// type-checked again with them and with the names of all wrappers, so that its
// sources may mention what is yet to be generated.
//
// The types that interfaces are made from may mention them in turn, or have
// methods of other such interfaces. So it starts with interfaces of no methods,
// and ends when nothing changes any more.
func (m *Package) declare() {
	if len(m.Sources) == 0 {
		return
	}
	m.ownScope = m.pkg.Types.Scope()
	for _, src := range m.Sources {
		for _, i := range src.Interfaces {
			if i.Declaration != nil {
				d := &Derived{Interface: i, src: src}
				m.derived = append(m.derived, d)
				m.checkDerived(d)
			}
		}
	}
	if len(m.derived) == 0 && !m.needsRecheck() {
		return
	}
	named := slices.DeleteFunc(slices.Clone(m.derived), func(d *Derived) bool { return len(d.problems) > 0 })
	m.recheck()
	var changed []*Derived
	for range len(named) + 2 {
		changed = nil
		for _, d := range named {
			before := d.Methods
			d.problems = nil
			m.resolve(d)
			d.src.noteIncomplete(m)
			if !slices.EqualFunc(before, d.Methods, sameMethod) {
				changed = append(changed, d)
			}
		}
		if changed == nil {
			break
		}
		m.fill(named)
	}
	for _, d := range changed {
		d.problems = nil // which hold for the last round only
		d.wrong("which methods %s has depends on which %s has; let it be no part of itself", d.Declaration.From, d.Declaration.Name)
	}
	for _, d := range m.derived {
		d.src.Diagnostics = append(d.src.Diagnostics, d.problems...)
	}
}

// checkDerived refuses a name that something else has.
func (m *Package) checkDerived(d *Derived) {
	name := d.Declaration.Name
	pos := m.takenAt(name)
	for _, other := range m.derived {
		if other != d && other.Declaration.Name == name {
			pos = other.Declaration.NamePos()
		}
	}
	switch {
	case pos.IsValid():
		d.report(codeNameTaken, d.Declaration.NamePos(), "%s would be declared twice, here and at %s; give the interface another name",
			name, filepath.Base(m.pkg.Fset.Position(pos).String()))
	case m.reserved(name):
		d.report(codeNameTaken, d.Declaration.NamePos(), "%s has a meaning in Go already; give the interface another name", name)
	}
}

func sameMethod(a, b *types.Func) bool {
	return a.Name() == b.Name() && types.Identical(a.Type(), b.Type())
}

// fill gives the interfaces, which the type checker has seen without methods, those
// that were found for them.
//
// It works in place: what an interface has is asked of the type itself, wherever
// that stands. The type checker works out once which methods an interface has that
// embeds others, so that those which embed one of these are made anew too.
func (m *Package) fill(interfaces []*Derived) {
	filled := map[*types.Interface]bool{}
	for _, d := range interfaces {
		i := m.pkg.TypesInfo.Defs[d.Spec.Name].Type().Underlying().(*types.Interface)
		*i = *types.NewInterfaceType(slices.Clone(d.Methods), nil)
		filled[i] = true
	}
	for _, i := range m.embedding(filled) {
		implicit := i.IsImplicit()
		*i = *types.NewInterfaceType(slices.Collect(i.ExplicitMethods()), slices.Collect(i.EmbeddedTypes()))
		if implicit {
			i.MarkImplicit()
		}
		filled[i] = true
	}
	for i := range filled {
		i.Complete()
	}
}

// embedding lists the package's interfaces that embed one of those, themselves or
// through others.
func (m *Package) embedding(those map[*types.Interface]bool) (found []*types.Interface) {
	embeds := map[*types.Interface]bool{}
	var visit func(i *types.Interface) bool
	visit = func(i *types.Interface) bool {
		does, known := embeds[i]
		if known {
			return does
		}
		embeds[i] = false
		for e := range i.EmbeddedTypes() {
			if embedded, ok := e.Underlying().(*types.Interface); ok && (those[embedded] || visit(embedded)) {
				embeds[i] = true
			}
		}
		if embeds[i] {
			found = append(found, i)
		}
		return embeds[i]
	}
	seen := map[types.Type]bool{}
	var search func(t types.Type)
	search = func(t types.Type) {
		gosrc.Walk(t, func(t types.Type) bool {
			if seen[t] {
				return false
			}
			seen[t] = true
			switch t := t.(type) {
			case *types.Named:
				if t.Obj().Pkg() == m.pkg.Types || t.TypeArgs().Len() > 0 { // no other has to do with this package
					search(t.Underlying())
				}
			case *types.Interface:
				visit(t)
			}
			return true
		})
	}
	for _, value := range m.pkg.TypesInfo.Types {
		search(value.Type)
	}
	return found
}
