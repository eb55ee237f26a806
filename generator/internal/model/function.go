package model

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
)

// A Function is a function that generated code uses.
type Function struct {
	Package   *types.Package // nil for the runtime
	Name      string
	Generic   bool        // it takes the interface's type parameters
	Verdict   bool        // it classifies and returns a resil.Verdict, not a resil.Class
	Generated *Classifier // the function, if it is generated; then it has no package and name
}

// A role is what a directive needs a function for.
type role struct {
	name    string   // in messages
	typ     string   // the type that the function must have
	types   string   // all types that it may have, if there are several
	builtin []string // names of functions that resilgen provides
	near    []string // other names that may have been meant
	fits    func(types.Object) bool
}

// A problem is what is wrong with a name in a directive.
type problem struct{ code, message string }

func problemf(code, format string, args ...any) *problem {
	return &problem{code, fmt.Sprintf(format, args...)}
}

// resolveFunctions resolves the functions that the classify and fallback directives of an
// interface name.
func (m *Package) resolveFunctions(src *Source, w *Wrapper) {
	w.Libraries = w.shownLibraries()
	for _, method := range w.Methods {
		m.resolveMaker(src, w, method)
		if method.Policy.Classify != nil || method.HasGuard() {
			m.resolveClassify(src, w, method)
		}
		if f := method.Policy.Fallback; f != nil && f.Func != "" && method.TellsFailure() {
			pos := method.wordPos("fallback.func")
			if found, problem := m.resolveFunction(src, m.syntax(src, pos), f.Func, m.fallback(w, method)); problem != nil {
				src.reportOn(method, problem.code, pos, "%s", problem.message)
			} else {
				method.Fallback = &found
			}
		}
	}
}

// syntax returns the file whose imports count for a word at pos: that of the source or, if
// the word stands in a profile, another file of the package.
func (m *Package) syntax(src *Source, pos token.Pos) *ast.File {
	for _, file := range m.pkg.Syntax {
		if file.FileStart <= pos && pos <= file.FileEnd {
			return file
		}
	}
	return src.Syntax
}

// fallback returns the role of a function that is called if a call of the method has
// failed.
func (m *Package) fallback(w *Wrapper, method *Method) role {
	params := slices.Collect(method.Signature.Params().Variables())
	params = append(params, types.NewParam(token.NoPos, nil, "cause", errorType))
	want := types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), method.Signature.Results(), false)
	return role{
		name: "fallback",
		typ:  gosrc.TypeNameIn(m.pkg.Types, want),
		fits: func(obj types.Object) bool {
			sig, ok := obj.Type().Underlying().(*types.Signature)
			return ok && isValue(obj) && sameSignature(instance(sig, w), want)
		},
	}
}

// instance instantiates a generic function with the type parameters of the interface, if
// it takes as many.
func instance(sig *types.Signature, w *Wrapper) *types.Signature {
	params := w.TypeParams()
	if sig.TypeParams().Len() == 0 || sig.TypeParams().Len() != params.Len() {
		return sig
	}
	var args []types.Type
	for p := range params.TypeParams() {
		args = append(args, p)
	}
	made, err := types.Instantiate(nil, sig, args, true)
	if err != nil {
		return sig
	}
	return made.(*types.Signature)
}

// sameSignature reports whether two signatures are identical, or at least look the same:
// a package can be loaded more than once.
func sameSignature(a, b *types.Signature) bool {
	plain := func(s *types.Signature) string { return types.TypeString(withoutNames(s), nil) }
	return types.Identical(a, b) || a.TypeParams().Len() == 0 && plain(a) == plain(b)
}

// resolveFunction finds the function with a name, which stands in file.
func (m *Package) resolveFunction(src *Source, file *ast.File, name string, want role) (Function, *problem) {
	pkg, id, problem := m.resolveName(file, name, want.name)
	if problem != nil {
		return Function{}, problem
	}
	return m.lookupFunction(src, pkg, id, name, want)
}

// resolveName returns the package of a name, which stands in file, and the name in that
// package: the name is of this package, of an import of the file, or behind a path. What
// says in messages what it is.
func (m *Package) resolveName(file *ast.File, name, what string) (*types.Package, string, *problem) {
	qualifier, id, qualified := splitLast(name)
	if !qualified {
		if scope := m.pkg.TypesInfo.Scopes[file]; scope != nil {
			if obj := scope.Lookup(name); obj != nil && obj.Pkg().Scope().Lookup(name) == obj {
				return obj.Pkg(), name, nil
			}
		}
		return m.pkg.Types, name, nil
	}
	pkg := gosrc.ImportNamed(m.pkg.TypesInfo, file, qualifier)
	if pkg == nil {
		pkg = m.packageAt(qualifier)
	}
	if pkg == nil {
		return nil, "", m.unknownQualifier(file, name, what)
	}
	if why := m.importProblem(pkg); why != "" {
		return nil, "", problemf(codeFunction, "the %s %s cannot be used here, because its package %s; move %s to a package that can be imported, or to this one", what, name, why, id)
	}
	return pkg, id, nil
}

// unknownQualifier says what is wrong with a name whose qualifier is no package.
func (m *Package) unknownQualifier(file *ast.File, name, what string) *problem {
	qualifier, id, _ := splitLast(name)
	first, _, _ := strings.Cut(qualifier, ".")
	if m.pkg.Types.Scope().Lookup(first) != nil || gosrc.ImportNamed(m.pkg.TypesInfo, file, first) != nil {
		return problemf(codeFunction, "the %s %s is a part of %s, and only what a package declares can be named; declare a variable that holds it, and name that", what, name, qualifier)
	}
	return problemf(codeFunction, "the package of the %s %s is unknown: %s is neither an import of this file nor the path of a package; write import/path.%s", what, name, qualifier, id)
}

// importProblem says why this package cannot import another; "" if it can.
func (m *Package) importProblem(pkg *types.Package) string {
	switch here := m.pkg.Types; {
	case pkg.Path() == here.Path() || slices.Contains(here.Imports(), pkg):
		return ""
	case pkg.Name() == "main":
		return "is a program"
	case !gosrc.Importable(pkg, here):
		return "is internal to other packages"
	case m.pkg.Leads(pkg.Path(), here.Path()):
		return "imports this package, directly or through others"
	}
	return ""
}

// splitLast splits import/path.F at the last dot. It returns false if there is none.
func splitLast(name string) (qualifier, fn string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// visible returns what a package declares as id, if the output of the source can refer to
// it.
func (m *Package) visible(src *Source, pkg *types.Package, id string) types.Object {
	local := pkg.Path() == m.pkg.Types.Path()
	if !local && !ast.IsExported(id) || m.onlyTests(src, pkg, id) != "" {
		return nil
	}
	return pkg.Scope().Lookup(id)
}

// onlyTests says that a package declares id in a test file, if the output of the source
// cannot refer to it for that reason; else it returns "".
func (m *Package) onlyTests(src *Source, pkg *types.Package, id string) string {
	obj := pkg.Scope().Lookup(id)
	if obj == nil || pkg.Path() != m.pkg.Types.Path() || src.inTest() || !m.inTest(obj) {
		return ""
	}
	return testOnly(id)
}

// testOnly says that a name is declared in a test file.
func testOnly(name string) string {
	return name + " is declared in a test file, which other files do not see; declare it in a file that is not a test"
}

// unexported says that a name from another package must be exported.
func unexported(what, name string, pkg *types.Package) *problem {
	return problemf(codeFunction, "unknown %s %q: a name from package %s must be exported", what, name, pkg.Path())
}

// lookupFunction finds the function fn in a package. Name is how the directive calls it.
func (m *Package) lookupFunction(src *Source, pkg *types.Package, fn, name string, want role) (Function, *problem) {
	if why := m.onlyTests(src, pkg, fn); why != "" {
		return Function{}, &problem{codeFunction, why}
	}
	obj := m.visible(src, pkg, fn)
	if obj == nil {
		return Function{}, m.unknown(src, pkg, fn, name, want)
	}
	if !want.fits(obj) {
		return Function{}, problemf(codeFunction, "%s is %s; a %s must be %s", name, m.kind(obj), want.name, cmp.Or(want.types, want.typ))
	}
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	verdict := isNamed(obj.Type(), gosrc.RuntimePath, "Classifier") || ok && isVerdict(sig.Results())
	return Function{Package: pkg, Name: fn, Generic: ok && sig.TypeParams().Len() > 0, Verdict: verdict}, nil
}

// inTest reports whether obj is declared in a test file.
func (m *Package) inTest(obj types.Object) bool {
	return strings.HasSuffix(m.pkg.Fset.Position(obj.Pos()).Filename, "_test.go")
}

// unknown says which function was probably meant, or what can be written.
func (m *Package) unknown(src *Source, pkg *types.Package, fn, name string, want role) *problem {
	var near []string
	for _, known := range pkg.Scope().Names() {
		if obj := m.visible(src, pkg, known); obj != nil && want.fits(obj) {
			near = append(near, known)
		}
	}
	prefix := strings.TrimSuffix(name, fn)
	if prefix == "" {
		near = slices.Concat(near, want.builtin, want.near)
	}
	if known := directive.Nearest(fn, near); known != "" {
		return problemf(codeFunction, "unknown %s %q; did you mean %q?", want.name, name, prefix+known)
	}
	if prefix != "" && !ast.IsExported(fn) {
		return unexported(want.name, name, pkg)
	}
	return problemf(codeFunction, "unknown %s %q; write %s", want.name, name, directive.OneOf(append(want.builtin, "the name of a "+want.typ)))
}

// isValue reports whether obj is a function or a variable.
func isValue(obj types.Object) bool {
	switch obj.(type) {
	case *types.Func, *types.Var:
		return true
	}
	return false
}

// kind describes what a name is declared as, for messages.
func (m *Package) kind(obj types.Object) string {
	switch obj.(type) {
	case *types.TypeName:
		return "a type"
	case *types.Const:
		return "a constant"
	}
	return directive.Article(gosrc.TypeNameIn(m.pkg.Types, obj.Type()))
}

// packageAt returns the package with an import path. It loads the package if nothing here
// imports it, and returns nil if there is none.
func (m *Package) packageAt(path string) *types.Package {
	if path == m.pkg.Types.Path() {
		return m.pkg.Types
	}
	for _, imported := range m.pkg.Types.Imports() {
		if imported.Path() == path && imported.Scope().Len() > 0 { // else it is missing, and this takes its place
			return imported
		}
	}
	if m.pkg.Known != nil {
		for _, pkg := range m.pkg.Known {
			if pkg.Path() == path {
				return pkg
			}
		}
		m.incomplete = true
		return nil
	}
	if pkg, ok := m.loaded[path]; ok {
		return pkg
	}
	pkg, err := m.pkg.Find(m.ctx, path)
	if m.loaded == nil {
		m.loaded, m.loadErrors = map[string]*types.Package{}, map[string]error{}
	}
	m.loadErrors[path] = err
	m.loaded[path] = pkg
	return pkg
}
