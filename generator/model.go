package generator

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
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/output"
	resil "github.com/resilgen/resilgen/runtime"
)

// A source is one file with annotated interfaces and what becomes of it.
type source struct {
	pkg         *load.Package
	path        string
	output      string
	syntax      *ast.File
	interfaces  []*annotations.Interface
	wrappers    []*wrapper
	diagnostics []annotations.Diagnostic
	unknown     bool               // it depends on a package that cannot be loaded here
	waived      map[token.Pos]bool // waivers that had an effect
	lifetimes   lifetimes
}

// A wrapper is one annotated interface.
type wrapper struct {
	spec        *ast.TypeSpec
	directives  *annotations.Interface
	obj         *types.TypeName
	derived     *derived // nil if the interface stands in the source
	name        string
	constructor string
	methods     []*method
	helpers     []*helper
	embeds      bool // some methods cannot be written down: the wrapper embeds the interface
}

// A method is one method of an interface and what guards it.
type method struct {
	annotations.Resolved
	fn          *types.Func
	sig         *types.Signature
	pos         token.Pos
	context     int    // the index of the context parameter, or -1
	fails       bool   // its last result is an error
	unwritable  string // what keeps it from being written down, or ""
	grouped     bool   // its interface's directives are a comment group of their own
	classifiers []function
	judge       *function   // asked about all results; nil for none
	fallback    *function   // nil for none or the second implementation
	key         *key        // nil unless a guard is kept by one
	hedgeBudget resil.Ratio // what hedges draw on where there is no retry
}

// A named type is a *types.Named or a *types.Alias.
type named interface{ TypeParams() *types.TypeParamList }

func (w *wrapper) named() named { return w.obj.Type().(named) }

// guarded reports whether calls of the method go through the runtime.
func (m *method) guarded() bool {
	p := m.Policy
	return !p.Skip && (p.Timeout != nil || p.Retry != nil || p.Breaker != nil || p.Limit != nil ||
		p.Bulkhead != nil || p.Hedge != nil || p.Fallback != nil)
}

// substituted reports whether the constructor takes a second implementation.
func (w *wrapper) substituted() bool {
	return slices.ContainsFunc(w.methods, func(m *method) bool {
		f := m.Policy.Fallback
		return f != nil && f.Func == ""
	})
}

// model builds the sources of one package.
type model struct {
	ctx     context.Context
	pkg     *load.Package
	sources []*source
	others  map[string]*types.Package // loaded for a classifier, by path
	missed  bool                      // a package that might be there was not known
	absent  map[string]error          // those of them that could not be loaded

	written   *types.Scope // of the package without what is generated
	derived   []*derived
	generated map[string]*generated // others of the run, with what is generated; by path
}

func (m *model) build() {
	var read []*annotations.File // of each source
	for _, f := range m.pkg.Sources {
		if f.Broken != nil && !f.Annotated {
			continue
		}
		src := &source{pkg: m.pkg, path: f.Path, output: output.Path(f.Path), syntax: f.Syntax}
		found, diagnostics := annotations.Read(m.pkg.Fset, f.Syntax)
		if f.Broken != nil {
			src.unread(f.Broken) // and the interfaces are what the parser made of them
		} else {
			src.interfaces, src.diagnostics = found.Interfaces, diagnostics
		}
		m.sources = append(m.sources, src)
		read = append(read, found)
	}
	for k, diagnostics := range annotations.Link(m.pkg.Fset, read, m.elsewhere(read)...) {
		m.sources[k].diagnostics = append(m.sources[k].diagnostics, diagnostics...)
	}
	m.declare()
	for _, src := range m.sources {
		for _, i := range src.interfaces {
			m.wrap(src, i)
		}
		src.noteMissed(m)
	}
	m.checkNames()
	m.nameHelpers()
	m.announce()
}

// elsewhere reads the package's files that this build leaves out, which may be the
// only ones to use a profile. Those that every build leaves out are not the
// package's.
func (m *model) elsewhere(read []*annotations.File) (others []*annotations.File) {
	if !slices.ContainsFunc(read, (*annotations.File).HasProfiles) {
		return nil
	}
	folder := filepath.Dir(m.sources[0].path)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if filepath.Ext(name) != ".go" || name[0] == '_' || name[0] == '.' || slices.ContainsFunc(m.sources, func(src *source) bool { return src.path == path }) {
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
func (s *source) noteMissed(m *model) {
	s.unknown = s.unknown || m.missed
	m.missed = false
}

func (s *source) inTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s *source) report(code string, pos token.Pos, format string, args ...any) {
	s.diagnostics = append(s.diagnostics, annotations.Diagnostic{
		Pos:     s.pkg.Fset.Position(pos),
		Code:    code,
		Message: fmt.Sprintf(format, args...),
	})
}

// reportOn reports what is wrong with a method's policy. Where a profile says it,
// that is where the profile is used.
func (s *source) reportOn(m *method, code string, pos token.Pos, format string, args ...any) {
	place, from := m.ReportPos(s.pkg.Fset, pos)
	s.report(code, place, "%s%s", fmt.Sprintf(format, args...), from)
}

// wrap adds the wrapper of one interface to src.
func (m *model) wrap(src *source, i *annotations.Interface) {
	made := m.made(i)
	if i.Declaration != nil && made == nil {
		return // which has been reported
	}
	obj, _ := m.pkg.TypesInfo.Defs[i.Spec.Name].(*types.TypeName)
	if i.Spec.Name.Name == "_" {
		src.report(codeInterface, i.Spec.Pos(), "an interface called _ cannot be wrapped, for nothing can name it; give it a name")
		return
	}
	if obj == nil || obj.Parent() != m.pkg.Types.Scope() {
		src.report(codeInterface, i.Spec.Pos(), "%s is declared in a function, where nothing else can name it; declare it outside", i.Spec.Name.Name)
		return
	}
	if unresolved := src.unresolved(i.Spec, obj); len(unresolved) > 0 {
		src.diagnostics = append(src.diagnostics, unresolved...)
		return
	}
	iface, _ := obj.Type().Underlying().(*types.Interface)
	switch {
	case iface == nil:
		src.report(codeInterface, i.Spec.Pos(), "%s cannot be wrapped: it is %s, not an interface", obj.Name(), article(types.Unalias(obj.Type())))
		return
	case !iface.IsMethodSet():
		src.report(codeInterface, i.Spec.Pos(), "%s is a constraint and no value has its type; only an interface of methods can be wrapped", obj.Name())
		return
	}
	if iface.NumMethods() == 0 {
		src.report(codeInterface, i.Spec.Pos(), "%s has no methods to guard", obj.Name())
		return
	}
	src.checkOverlap(i)
	w := &wrapper{spec: i.Spec, directives: i, obj: obj, derived: made}
	w.methods = methodsOf(src, i.Spec, iface)
	if src.unresolvedMethods(w) {
		return
	}
	distinguish(w.methods)
	plain := make([]annotations.Target, len(w.methods))
	for k, method := range w.methods {
		if made != nil {
			method.Element, method.grouped = nil, true
		}
		plain[k] = method.Target
	}
	guarded, diagnostics := i.Resolve(m.pkg.Fset, plain)
	src.diagnostics = append(src.diagnostics, diagnostics...)
	for k := range min(len(guarded), len(w.methods)) {
		w.methods[k].Resolved = guarded[k]
	}
	w.budgets()
	w.name = i.WrapperName()
	w.constructor = "New" + raised(w.name)
	if !token.IsExported(w.name) {
		w.constructor = "new" + raised(w.name)
	}
	m.functions(src, w)
	m.keys(src, w)
	src.check(w)
	src.wrappers = append(src.wrappers, w)
}

// budgets gives hedges without retries a share of the client's budget too, and
// takes away retries of one attempt, which are none.
func (w *wrapper) budgets() {
	budget := 20 * resil.Percent
	for _, m := range w.methods {
		if r := m.Policy.Retry; r != nil && r.Budget > 0 {
			budget = r.Budget // the same for all
		}
	}
	for _, m := range w.methods {
		r := m.Policy.Retry
		if r == nil {
			m.hedgeBudget = budget
		} else if r.Attempts == 1 {
			m.hedgeBudget, m.Policy.Retry = r.Budget, nil
		}
	}
}

// raised writes a name's first letter as a capital.
func raised(name string) string {
	for i, r := range name {
		return strings.ToUpper(string(r)) + name[i+len(string(r)):]
	}
	return name
}

// nameHelpers gives the functions that classify the package's errors and results
// names that it does not have.
func (m *model) nameHelpers() {
	taken := map[string]bool{}
	for _, name := range m.pkg.Types.Scope().Names() {
		taken[name] = true
	}
	for _, src := range m.sources {
		for _, w := range src.wrappers {
			taken[w.name], taken[w.constructor] = true, true
		}
	}
	for _, src := range m.sources {
		for _, w := range src.wrappers {
			for _, h := range w.helpers {
				name := "classify" + raised(w.obj.Name())
				if len(w.helpers) > 1 && len(h.users) == 1 {
					name += raised(h.users[0].Name)
				}
				h.name = fresh(taken, name)
				taken[h.name] = true
			}
		}
	}
}

// checkNames refuses generated names that the package has already, whether from
// its own declarations or imports or from another interface, and those that have a
// meaning in Go.
func (m *model) checkNames() {
	where := map[string]string{}
	for _, d := range m.derived {
		where[d.Declaration.Name] = m.pkg.Fset.Position(d.Declaration.NamePos()).String()
	}
	for _, src := range m.sources {
		for _, w := range src.wrappers {
			advice := "name this wrapper yourself: //resil:wrap name=Guarded" + raised(w.obj.Name())
			for _, name := range []string{w.name, w.constructor} {
				if m.reserved(name) {
					src.report(codeNameTaken, w.spec.Pos(), "%s has a meaning in Go already; %s", name, advice)
					break
				}
				if pos := m.taken(name); pos.IsValid() {
					where[name] = m.pkg.Fset.Position(pos).String()
				}
				if other, taken := where[name]; taken {
					src.report(codeNameTaken, w.spec.Pos(), "%s would be declared twice, here and at %s; %s", name, filepath.Base(other), advice)
					break
				}
				where[name] = m.pkg.Fset.Position(w.spec.Pos()).String()
			}
		}
	}
}

// reserved reports whether a type called name would change what Go means by it.
func (m *model) reserved(name string) bool {
	return types.Universe.Lookup(name) != nil || name == "init" || name == "main" && m.pkg.Types.Name() == "main"
}

// taken is where the package declares name or a file of it imports that; the zero
// Pos if none does.
func (m *model) taken(name string) token.Pos {
	if obj := m.written.Lookup(name); obj != nil {
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
