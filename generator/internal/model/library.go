package model

import (
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/sdk"
)

// Glue is a function of a client library's recipe as this package can use it.
type Glue struct {
	*sdk.Func
	Paths map[string]string // the import paths to use, by those of the recipe, where they differ
}

// shownLibraries finds the client libraries that the signatures of an interface show.
func (w *Wrapper) shownLibraries() (shown []*sdk.Library) {
	paths := w.signaturePackages()
	for _, l := range sdk.All() {
		if slices.ContainsFunc(paths, l.IsShownBy) {
			shown = append(shown, l)
		}
	}
	return shown
}

// signaturePackages returns the import paths of the packages whose types stand in the
// signatures of an interface, or that declare the type from which it is made.
func (w *Wrapper) signaturePackages() (paths []string) {
	seen := map[types.Type]bool{}
	var visit func(types.Type)
	declared := func(obj *types.TypeName) {
		if pkg := obj.Pkg(); pkg != nil && !slices.Contains(paths, pkg.Path()) {
			paths = append(paths, pkg.Path())
		}
	}
	visit = func(t types.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Alias:
			declared(t.Obj())
			visit(types.Unalias(t))
		case *types.Named:
			declared(t.Obj())
			for arg := range t.TypeArgs().Types() {
				visit(arg)
			}
		case *types.Map:
			visit(t.Key())
			visit(t.Elem())
		case interface{ Elem() types.Type }: // pointer, slice, array, channel
			visit(t.Elem())
		case *types.Tuple:
			for v := range t.Variables() {
				visit(v.Type())
			}
		case *types.Signature:
			visit(t.Params())
			visit(t.Results())
		}
	}
	if w.Derived != nil {
		declared(gosrc.TypeObject(w.Derived.From))
	}
	for _, m := range w.Methods {
		visit(m.Signature)
		if pkg := m.Func.Pkg(); pkg != nil && pkg != w.Interface.Pkg() && !slices.Contains(paths, pkg.Path()) {
			paths = append(paths, pkg.Path()) // embedded
		}
	}
	return paths
}

// A classifierEntry is one of what classifies the errors of a method.
type classifierEntry struct {
	name       string
	pos        token.Pos
	library    *sdk.Library // nil if it is none
	recognized bool         // by the signatures: no directive names it
}

// classifierEntries returns what classifies the errors of a method, in order: what its
// classify directive names and, unless that names a library or network, the libraries that
// the interface shows.
func (m *Package) classifierEntries(w *Wrapper, method *Method) (entries []classifierEntry) {
	recognize := true
	if c := method.Policy.Classify; c != nil && method.Origins["classify.by"].Pos.IsValid() {
		for i, name := range c.By {
			e := classifierEntry{name: name, pos: method.EntryPos("classify.by", i), library: m.library(name)}
			recognize = recognize && e.library == nil && name != "network"
			entries = append(entries, e)
		}
	}
	if !recognize {
		return entries
	}
	last := slices.IndexFunc(entries, func(e classifierEntry) bool { return e.name == "all" })
	if last < 0 {
		last = len(entries)
	}
	var recognized []classifierEntry
	for _, l := range w.Libraries {
		recognized = append(recognized, classifierEntry{name: l.Name, pos: w.Spec.Pos(), library: l, recognized: true})
	}
	return slices.Insert(entries, last, recognized...)
}

// library returns the client library that a classifier's name means; nil if it is not
// one's.
func (m *Package) library(name string) *sdk.Library {
	if own := m.pkg.Types.Scope().Lookup(name); own != nil && classifies(own) {
		return nil
	}
	return sdk.Named(name)
}

// classifies reports whether obj is a classifier of something.
func classifies(obj types.Object) bool {
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	return isValue(obj) && (isClassifier(obj) || ok && isClass(sig.Results()))
}

// librarySteps returns the steps by which a library classifies the outcome of a method,
// those of results first.
func (m *Package) librarySteps(src *Source, w *Wrapper, method *Method, l *sdk.Library) (steps []Step, problem *problem) {
	results := slices.ContainsFunc(l.Funcs(), func(fn *sdk.Func) bool { return fn.Result != "" && resultOf(method, fn.Result) >= 0 })
	for _, fn := range l.Funcs() {
		step := Step{Result: -1}
		switch {
		case fn.Result == "" && results && l.ResultsSay:
			continue
		case fn.Result != "":
			if step.Result = resultOf(method, fn.Result); step.Result < 0 {
				continue
			}
			step.OfResults = true
		}
		glue, problem := m.glue(w, fn)
		if problem != nil {
			return nil, problem
		}
		step.Function = Function{Generated: src.glueClassifier(w, method, glue), Verdict: true}
		steps = append(steps, step)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return b.Result - a.Result })
	return steps, nil
}

// resultOf returns the index of the method's result of a type, which a recipe writes with
// import paths; -1 if it has none, or no error beside it.
func resultOf(method *Method, typ string) int {
	if !method.returnsValues() {
		return -1
	}
	typ = sdk.Versionless(typ)
	for i := range method.Signature.Results().Len() - 1 {
		if sdk.Versionless(recipeType(method.Signature.Results().At(i).Type())) == typ {
			return i
		}
	}
	return -1
}

// recipeType writes a type as recipes do: with import paths, and without aliases.
func recipeType(t types.Type) string {
	t = types.Unalias(t)
	if pointer, ok := t.(*types.Pointer); ok {
		return "*" + recipeType(pointer.Elem())
	}
	return types.TypeString(t, nil)
}

// glue finds the packages that a function of a recipe refers to.
func (m *Package) glue(w *Wrapper, fn *sdk.Func) (Glue, *problem) {
	g := Glue{Func: fn, Paths: map[string]string{}}
	for _, imported := range fn.Imports {
		path := m.pathInBuild(w, imported.Path)
		if path != imported.Path {
			g.Paths[imported.Path] = path
		}
		tried, another := fn.Library.TriedFor(path)
		lacks, get := "", "run go get "+path
		if missing := m.missing(fn, imported, path); !m.inBuild(path) {
			lacks = "package " + path + ", which this build does not have"
		} else if missing != "" {
			lacks = imported.Name + "." + missing + ", which package " + path + " of this build does not have"
			get = "run go get " + tried + ", which has it"
		} else {
			continue
		}
		if another {
			get = "change over to " + tried + ", which has it"
		}
		return g, problemf(codeFunction, "to classify the errors of %s, generated code needs %s; %s, or write //resil:classify network, which leaves the library out",
			fn.Library.Title, lacks, get)
	}
	return g, nil
}

// missing returns the first name that a function of a recipe needs of a package and that
// the build's version of it does not have.
func (m *Package) missing(fn *sdk.Func, imported sdk.Import, path string) string {
	if isStandard(path) || m.pkg.Known != nil {
		return ""
	}
	pkg := m.packageAt(path)
	if pkg == nil || !pkg.Complete() {
		return ""
	}
	for _, s := range fn.Symbols {
		if s.Path == imported.Path && pkg.Scope().Lookup(s.Name) == nil {
			return s.Name
		}
	}
	return ""
}

// pathInBuild returns the import path of a package of a recipe with the major version
// that the interface shows, or that this build has. A build can have several.
func (m *Package) pathInBuild(w *Wrapper, path string) string {
	plain := sdk.Versionless(path)
	if plain == path {
		return path
	}
	for _, shown := range w.signaturePackages() {
		if other, ok := sdk.SameVersion(path, shown); ok {
			return other
		}
	}
	known := m.known()
	if known[path] != nil {
		return path
	}
	for _, other := range slices.Sorted(maps.Keys(known)) {
		if sdk.Versionless(other) == plain {
			return other
		}
	}
	return path
}

// inBuild reports whether this build has a package. It cannot tell where the packages
// are those of an analyzer.
func (m *Package) inBuild(path string) bool {
	return isStandard(path) || m.pkg.Known != nil || m.packageAt(path) != nil
}

// isStandard reports whether a package is one of the standard library.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// glueClassifier returns the function to generate for a function of a recipe. The
// interfaces of a source share it.
func (s *Source) glueClassifier(w *Wrapper, user *Method, g Glue) *Classifier {
	key := fmt.Sprintf("glue %s %v", g.Suffix, g.Paths)
	for _, other := range append(slices.Clone(s.Wrappers), w) {
		for _, c := range other.Classifiers {
			if c.key == key {
				if !slices.Contains(c.Users, user) {
					c.Users = append(c.Users, user)
				}
				return c
			}
		}
	}
	c := &Classifier{key: key, Glue: &g, Users: []*Method{user}, Verdict: true}
	w.Classifiers = append(w.Classifiers, c)
	return c
}

// libraryNames are the names of the client libraries, for messages.
func libraryNames() (names []string) {
	for _, l := range sdk.All() {
		names = append(names, l.Name)
	}
	return names
}
