// Package model resolves what the directives of loaded packages name and checks them
// against the methods that they guard. It returns data, which package emit prints.
package model

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/output"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Source is one file with annotated interfaces and what becomes of it.
type Source struct {
	Package     *load.Package
	Path        string
	Output      string
	Syntax      *ast.File
	Interfaces  []*annotations.Interface
	Wrappers    []*Wrapper
	Diagnostics []annotations.Diagnostic
	Constraint  string // what decides whether it is built
	Incomplete  bool   // it depends on a package that cannot be loaded here
	lifetimes   lifetimes
}

// A Wrapper is one annotated interface.
type Wrapper struct {
	Spec        *ast.TypeSpec
	Directives  *annotations.Interface
	Interface   *types.TypeName
	Derived     *Derived // nil if the interface stands in the source
	Name        string
	Constructor string
	Methods     []*Method
	Classifiers []*Classifier
	Embeds      bool // some methods cannot be written down: the wrapper embeds the interface
}

// A Method is one method of an interface and what guards it.
type Method struct {
	annotations.Resolved
	Func             *types.Func
	Signature        *types.Signature
	Pos              token.Pos
	Context          int    // the index of the context parameter, or -1
	Fails            bool   // its last result is an error
	Unwritable       string // what keeps it from being written down, or ""
	inGroup          bool   // its interface's directives are a comment group of their own
	Classifiers      []Function
	ResultClassifier *Function // asked about all results; nil for none
	Fallback         *Function // nil for none or the second implementation
	Key              *Key      // nil unless a guard is kept by one
	Form             Form
	Discards         []Discard
	HedgeBudget      resil.Ratio // what hedges draw on where there is no retry
}

// TypeParams are those of the interface, and so of the wrapper.
func (w *Wrapper) TypeParams() *types.TypeParamList {
	return w.Interface.Type().(interface{ TypeParams() *types.TypeParamList }).TypeParams() // a named type or an alias
}

// Substituted reports whether the constructor takes a second implementation.
func (w *Wrapper) Substituted() bool {
	return slices.ContainsFunc(w.Methods, func(m *Method) bool {
		f := m.Policy.Fallback
		return f != nil && f.Func == ""
	})
}

// A Package builds the sources of one package.
type Package struct {
	ctx     context.Context
	pkg     *load.Package
	Sources []*Source
	loaded  map[string]*types.Package // loaded for a classifier, by path
	incomplete  bool                      // a package that might be there was not known
	loadErrors  map[string]error          // those of them that could not be loaded

	ownScope   *types.Scope // of the package without what is generated
	stubbed   bool         // the package has stubs for what is generated
	derived   []*Derived
	generated map[string]*generated // others of the run, with what is generated; by path
}

// Build resolves and checks the directives of one package.
func Build(ctx context.Context, pkg *load.Package) *Package {
	m := &Package{ctx: ctx, pkg: pkg, generated: map[string]*generated{}}
	m.build()
	return m
}

func (m *Package) build() {
	var read []*annotations.File // of each source
	for _, f := range m.pkg.Sources {
		if f.Broken != nil && !f.Annotated {
			continue
		}
		src := &Source{Package: m.pkg, Path: f.Path, Output: output.Path(f.Path), Syntax: f.Syntax}
		found, diagnostics := annotations.Read(m.pkg.Fset, f.Syntax)
		if f.Broken != nil {
			src.reportBroken(f.Broken) // and the interfaces are what the parser made of them
		} else {
			src.Interfaces, src.Diagnostics = found.Interfaces, diagnostics
		}
		m.Sources = append(m.Sources, src)
		read = append(read, found)
	}
	for k, diagnostics := range annotations.Link(m.pkg.Fset, read, m.elsewhere(read)...) {
		m.Sources[k].Diagnostics = append(m.Sources[k].Diagnostics, diagnostics...)
	}
	m.declare()
	for _, src := range m.Sources {
		for _, i := range src.Interfaces {
			m.addWrapper(src, i)
		}
		src.noteIncomplete(m)
		if len(src.Wrappers) > 0 {
			src.Constraint = buildConstraint(src)
		}
	}
	m.checkNames()
	m.nameClassifiers()
	m.announce()
}

// elsewhere reads the package's files that this build leaves out, which may be the
// only ones to use a profile. Those that every build leaves out are not the
// package's.
func (m *Package) elsewhere(read []*annotations.File) (others []*annotations.File) {
	if !slices.ContainsFunc(read, (*annotations.File).HasProfiles) {
		return nil
	}
	folder := filepath.Dir(m.Sources[0].Path)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if filepath.Ext(name) != ".go" || name[0] == '_' || name[0] == '.' || slices.ContainsFunc(m.Sources, func(src *Source) bool { return src.Path == path }) {
			continue
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil && syntax.Name.Name == m.pkg.Name {
			found, _ := annotations.Read(fset, syntax)
			others = append(others, found)
		}
	}
	return others
}

// noteMissed makes the source unknown if something was missed for it.
func (s *Source) noteIncomplete(m *Package) {
	s.Incomplete = s.Incomplete || m.incomplete
	m.incomplete = false
}

func (s *Source) inTest() bool { return strings.HasSuffix(s.Path, "_test.go") }

// Report adds a diagnostic.
func (s *Source) Report(code string, pos token.Pos, format string, args ...any) {
	s.Diagnostics = append(s.Diagnostics, annotations.Diagnostic{
		Pos:     s.Package.Fset.Position(pos),
		Code:    code,
		Message: fmt.Sprintf(format, args...),
	})
}

// reportOn reports what is wrong with a method's policy. Where a profile says it,
// that is where the profile is used.
func (s *Source) reportOn(m *Method, code string, pos token.Pos, format string, args ...any) {
	place, from := m.ReportPos(s.Package.Fset, pos)
	s.Report(code, place, "%s%s", fmt.Sprintf(format, args...), from)
}

// wrap adds the wrapper of one interface to src.
func (m *Package) addWrapper(src *Source, i *annotations.Interface) {
	made := m.derivedOf(i)
	if i.Declaration != nil && made == nil {
		return // which has been reported
	}
	obj, _ := m.pkg.TypesInfo.Defs[i.Spec.Name].(*types.TypeName)
	if i.Spec.Name.Name == "_" {
		src.Report(codeInterface, i.Spec.Pos(), "an interface called _ cannot be wrapped, for nothing can name it; give it a name")
		return
	}
	if obj == nil || obj.Parent() != m.pkg.Types.Scope() {
		src.Report(codeInterface, i.Spec.Pos(), "%s is declared in a function, where nothing else can name it; declare it outside", i.Spec.Name.Name)
		return
	}
	if unresolved := src.unresolved(i.Spec, obj); len(unresolved) > 0 {
		src.Diagnostics = append(src.Diagnostics, unresolved...)
		return
	}
	iface, _ := obj.Type().Underlying().(*types.Interface)
	switch {
	case iface == nil:
		src.Report(codeInterface, i.Spec.Pos(), "%s cannot be wrapped: it is %s, not an interface", obj.Name(), gosrc.Article(types.Unalias(obj.Type())))
		return
	case !iface.IsMethodSet():
		src.Report(codeInterface, i.Spec.Pos(), "%s is a constraint and no value has its type; only an interface of methods can be wrapped", obj.Name())
		return
	}
	if iface.NumMethods() == 0 {
		src.Report(codeInterface, i.Spec.Pos(), "%s has no methods to guard", obj.Name())
		return
	}
	src.checkOverlap(i)
	w := &Wrapper{Spec: i.Spec, Directives: i, Interface: obj, Derived: made}
	if made != nil {
		w.Methods = made.list()
	} else {
		w.Methods = methodSet(src, i.Spec, iface)
	}
	w.Embeds = slices.ContainsFunc(w.Methods, func(m *Method) bool { return m.Unwritable != "" })
	if src.unresolvedMethods(w) {
		return
	}
	distinguish(w.Methods)
	plain := make([]annotations.Target, len(w.Methods))
	for k, method := range w.Methods {
		plain[k] = method.Target
	}
	guarded, diagnostics := i.Resolve(m.pkg.Fset, plain)
	src.Diagnostics = append(src.Diagnostics, diagnostics...)
	for k := range min(len(guarded), len(w.Methods)) {
		w.Methods[k].Resolved = guarded[k]
	}
	w.budgets()
	for _, method := range w.Methods {
		method.decide()
	}
	w.Name = i.WrapperName()
	w.Constructor = "New" + gosrc.Capitalize(w.Name)
	if !token.IsExported(w.Name) {
		w.Constructor = "new" + gosrc.Capitalize(w.Name)
	}
	m.resolveFunctions(src, w)
	m.resolveKeys(src, w)
	c := checker{src, w, map[token.Pos]bool{}}
	c.check()
	src.Wrappers = append(src.Wrappers, w)
}

// Only is the source without its wrappers.
func (s *Source) Only(wrappers ...*Wrapper) *Source {
	return &Source{Package: s.Package, Path: s.Path, Output: s.Output, Syntax: s.Syntax, Wrappers: wrappers}
}

// Variant is the source with nothing but a wrapper of the interface that w is of, as
// other directives make it. It has diagnostics where they would not do. Functions
// that both have are called as w calls them.
func (m *Package) Variant(src *Source, w *Wrapper, directives *annotations.Interface) *Source {
	variant := src.Only()
	m.addWrapper(variant, directives)
	for _, other := range variant.Wrappers {
		for _, h := range other.Classifiers {
			if k := slices.IndexFunc(w.Classifiers, func(named *Classifier) bool { return named.key == h.key }); k >= 0 {
				h.Name = w.Classifiers[k].Name
			}
		}
	}
	return variant
}

// budgets gives hedges without retries a share of the client's budget too, and
// takes away retries of one attempt, which are none.
func (w *Wrapper) budgets() {
	budget := 20 * resil.Percent
	for _, m := range w.Methods {
		if r := m.Policy.Retry; r != nil && r.Budget > 0 {
			budget = r.Budget // the same for all
		}
	}
	for _, m := range w.Methods {
		r := m.Policy.Retry
		if r == nil {
			m.HedgeBudget = budget
		} else if r.Attempts == 1 {
			m.HedgeBudget, m.Policy.Retry = r.Budget, nil
		}
	}
}

// nameHelpers gives the functions that classify the package's errors and results
// names that it does not have.
func (m *Package) nameClassifiers() {
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
			for _, h := range w.Classifiers {
				name := "classify" + gosrc.Capitalize(w.Interface.Name())
				if len(w.Classifiers) > 1 && len(h.Users) == 1 {
					name += gosrc.Capitalize(h.Users[0].Name)
				}
				h.Name = gosrc.Unused(taken, name)
				taken[h.Name] = true
			}
		}
	}
}

// checkNames refuses generated names that the package has already, whether from
// its own declarations or imports or from another interface, and those that have a
// meaning in Go.
func (m *Package) checkNames() {
	where := map[string]string{}
	for _, d := range m.derived {
		where[d.Declaration.Name] = m.pkg.Fset.Position(d.Declaration.NamePos()).String()
	}
	for _, src := range m.Sources {
		for _, w := range src.Wrappers {
			advice := "name this wrapper yourself: //resil:wrap name=Guarded" + gosrc.Capitalize(w.Interface.Name())
			for _, name := range []string{w.Name, w.Constructor} {
				if m.reserved(name) {
					src.Report(codeNameTaken, w.Spec.Pos(), "%s has a meaning in Go already; %s", name, advice)
					break
				}
				if pos := m.takenAt(name); pos.IsValid() {
					where[name] = m.pkg.Fset.Position(pos).String()
				}
				if other, taken := where[name]; taken {
					src.Report(codeNameTaken, w.Spec.Pos(), "%s would be declared twice, here and at %s; %s", name, filepath.Base(other), advice)
					break
				}
				where[name] = m.pkg.Fset.Position(w.Spec.Pos()).String()
			}
		}
	}
}

// reserved reports whether a type called name would change what Go means by it.
func (m *Package) reserved(name string) bool {
	return types.Universe.Lookup(name) != nil || name == "init" || name == "main" && m.pkg.Types.Name() == "main"
}

// taken is where the package declares name or a file of it imports that; the zero
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
			for _, imp := range file.Imports { // that of the dot import
				if path, _ := strconv.Unquote(imp.Path.Value); imp.Name != nil && imp.Name.Name == "." && path == obj.Pkg().Path() {
					return imp.Pos()
				}
			}
		}
	}
	return token.NoPos
}
