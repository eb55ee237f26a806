package model

import (
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// nameGenerated names the functions and aliases to generate, so that the package declares
// nothing else of the same name.
func (m *Package) nameGenerated() {
	taken := map[string]bool{}
	for _, name := range m.pkg.Types.Scope().Names() {
		taken[name] = true
	}
	for _, src := range m.Sources {
		for _, w := range src.Wrappers {
			taken[w.Name], taken[w.Constructor] = true, true
		}
	}
	for _, src := range m.Sources {
		for _, w := range src.Wrappers {
			for _, c := range w.Classifiers {
				name := "classify" + gosrc.Capitalize(w.Interface.Name())
				if c.Glue != nil {
					name = c.Glue.Verb + gosrc.Capitalize(w.Interface.Name()) + c.Glue.Suffix
				} else if w.ownClassifiers() > 1 && len(c.Users) == 1 {
					name += gosrc.Capitalize(c.Users[0].Name)
				}
				c.Name = gosrc.Unused(taken, name)
				taken[c.Name] = true
			}
			if w.embedsByAlias() {
				// The alias is the name of a field too, beside methods.
				name := "embedded" + gosrc.Capitalize(w.Interface.Name())
				for k := 2; taken[name] || w.hasMethod(name); k++ {
					name = "embedded" + gosrc.Capitalize(w.Interface.Name()) + strconv.Itoa(k)
				}
				w.EmbeddedAs, taken[name] = name, true
			}
		}
	}
}

// ownClassifiers counts the functions to generate that are not a library's.
func (w *Wrapper) ownClassifiers() (n int) {
	for _, c := range w.Classifiers {
		if c.Glue == nil {
			n++
		}
	}
	return n
}

// embedsByAlias reports whether the wrapper embeds the interface and cannot call the field
// as the interface is called, because it has a method of that name.
func (w *Wrapper) embedsByAlias() bool { return w.Embeds && w.hasMethod(w.Interface.Name()) }

func (w *Wrapper) hasMethod(name string) bool {
	return w.OwnMethods[name].IsValid() || slices.ContainsFunc(w.Methods, func(m *Method) bool { return m.Func.Name() == name })
}

// checkNames reports names of wrappers and constructors that the package declares or
// imports already, that two interfaces need, or that have a meaning in Go. It also reports
// methods that the package and generated code declare.
func (m *Package) checkNames() {
	where := map[string]string{}
	for _, d := range m.derived {
		where[d.Declaration.Name] = m.pkg.Fset.Position(d.Declaration.NamePos()).String()
	}
	for _, src := range m.Sources {
		for _, w := range src.Wrappers {
			advice := "give the wrapper another name: //resil:wrap name=Guarded" + gosrc.Capitalize(w.Interface.Name())
			for _, name := range []string{w.Name, w.Constructor} {
				if m.reserved(name) {
					src.Report(codeNameTaken, w.Spec.Pos(), "%s already has a meaning in Go; %s", name, advice)
					break
				}
				if pos := m.takenAt(name); pos.IsValid() {
					where[name] = m.pkg.Fset.Position(pos).String()
				}
				if other, taken := where[name]; taken {
					src.Report(codeNameTaken, w.Spec.Pos(), "generated code declares %s, which is already declared at %s; %s", name, filepath.Base(other), advice)
					break
				}
				where[name] = m.pkg.Fset.Position(w.Spec.Pos()).String()
			}
			for _, name := range slices.Sorted(maps.Keys(w.OwnMethods)) {
				if w.Declares(name) && !m.takenAt(w.Name).IsValid() {
					src.Report(codeNameTaken, w.OwnMethods[name], "generated code declares the method %s of %s; rename this one", name, w.Name)
				}
			}
		}
	}
}

// reserved reports whether name has a meaning in Go, so that no type can have it.
func (m *Package) reserved(name string) bool {
	return types.Universe.Lookup(name) != nil || name == "init" || name == "main" && m.pkg.Types.Name() == "main"
}

// takenAt returns where the package declares name or a file of it imports that; the zero
// Pos if none does.
func (m *Package) takenAt(name string) token.Pos {
	if obj := m.ownScope.Lookup(name); obj != nil {
		return obj.Pos()
	}
	for _, file := range m.pkg.Syntax {
		scope := m.pkg.TypesInfo.Scopes[file]
		if scope == nil {
			continue
		}
		switch obj := scope.Lookup(name).(type) {
		case nil:
		case *types.PkgName:
			return obj.Pos()
		default:
			for _, imp := range file.Imports { // the dot import that it comes from
				if path, _ := strconv.Unquote(imp.Path.Value); imp.Name != nil && imp.Name.Name == "." && path == obj.Pkg().Path() {
					return imp.Pos()
				}
			}
		}
	}
	return token.NoPos
}
