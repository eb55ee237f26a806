package model

import (
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// A Derived is an interface that is generated from the methods of another type.
type Derived struct {
	*annotations.Interface
	From    types.Type        // *s3.Client, or an interface
	Methods []*types.Func     // sorted by name
	Docs    map[string]Doc    // by method
	Owners  map[string]string // names of the types that declare the methods, by method
	Omitted []string          // names of methods that cannot be written in this package

	src      *Source
	problems []annotations.Diagnostic
}

// report adds a diagnostic, which counts unless a later round drops it.
func (d *Derived) report(code string, pos token.Pos, format string, args ...any) {
	d.problems = append(d.problems, annotations.NewDiagnostic(d.src.Package.Fset.Position(pos), code, format, args...))
}

// derivedOf returns the interface that a comment group declares; nil if something is
// wrong with it.
func (m *Package) derivedOf(i *annotations.Interface) *Derived {
	for _, d := range m.derived {
		if d.Declaration == i.Declaration && len(d.problems) == 0 {
			return d
		}
	}
	return nil
}

// list returns the interface's methods, without policies.
func (d *Derived) list() (methods []*Method) {
	for _, fn := range d.Methods {
		m := newMethod(fn, fn.Signature(), nil, d.Declaration.Pos(), d.src.Package.Types)
		m.inGroup, m.Doc, m.declaredBy = true, d.Docs[fn.Name()], d.Owners[fn.Name()]
		methods = append(methods, m)
	}
	return methods
}

// declare makes the interfaces that comment groups declare. If there are any, or if the
// package refers to wrappers, it type-checks the package again with stubs of all that is
// generated, so that sources can refer to it.
//
// A type from which an interface is made may itself mention such interfaces, or embed
// them. So declare starts with interfaces without methods, and repeats until their
// methods no longer change.
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
		d.problems = nil // they are about the last round only
		d.wrong("the methods of %s depend on the methods of %s; remove %s from that type", d.Declaration.From, d.Declaration.Name, d.Declaration.Name)
	}
	for _, d := range m.derived {
		d.src.Diagnostics = append(d.src.Diagnostics, d.problems...)
	}
}

// checkDerived reports a name that cannot be the interface's.
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
		d.report(codeNameTaken, d.Declaration.NamePos(), "%s is already declared at %s; give the interface another name",
			name, filepath.Base(m.pkg.Fset.Position(pos).String()))
	case m.reserved(name):
		d.report(codeNameTaken, d.Declaration.NamePos(), "%s already has a meaning in Go; give the interface another name", name)
	}
}

func sameMethod(a, b *types.Func) bool {
	return a.Name() == b.Name() && types.Identical(a.Type(), b.Type())
}

// fill gives the interfaces their methods. The type checker has seen them without.
//
// It changes the types in place, because other types refer to them. An interface that
// embeds others keeps the list of all its methods once that is computed, so that fill
// also replaces those that embed one of these.
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

// embedding returns the interfaces of the package that embed a given one, directly or
// through others.
func (m *Package) embedding(given map[*types.Interface]bool) (found []*types.Interface) {
	embeds := map[*types.Interface]bool{}
	var visit func(i *types.Interface) bool
	visit = func(i *types.Interface) bool {
		does, known := embeds[i]
		if known {
			return does
		}
		embeds[i] = false
		for e := range i.EmbeddedTypes() {
			if embedded, ok := e.Underlying().(*types.Interface); ok && (given[embedded] || visit(embedded)) {
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
				if t.Obj().Pkg() == m.pkg.Types || t.TypeArgs().Len() > 0 { // other types cannot refer to this package
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
