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

// A Function is one that a directive names.
type Function struct {
	Package   *types.Package // nil for the runtime
	Name      string
	Generic   bool        // with the interface's type parameters
	Generated *Classifier // instead of the others: one that is generated
	Verdict   bool        // it returns a resil.Verdict, or is a resil.Classifier
}

// A role is what a directive wants a function for.
type role struct {
	name    string   // as messages call it
	typ     string   // the type that it must have
	types   string   // where there are several, all of them
	builtin []string // names that stand for functions of resilgen's own
	fits    func(types.Object) bool
}

// functions resolves what the classify and fallback directives of an interface
// name.
func (m *Package) resolveFunctions(src *Source, w *Wrapper) {
	for _, method := range w.Methods {
		if method.Policy.Classify != nil {
			m.resolveClassify(src, w, method)
		}
		if f := method.Policy.Fallback; f != nil && f.Func != "" && method.ReturnsError {
			pos := method.wordPos("fallback.func")
			if found, problem := m.resolveFunction(src, m.syntax(src, pos), f.Func, fallback(w, method)); problem != nil {
				src.reportOn(method, problem.code, pos, "%s", problem.message)
			} else {
				method.Fallback = &found
			}
		}
	}
}

// syntax is the file of the package that pos lies in, whose imports the words
// there go by: the source's or, in a profile, another.
func (m *Package) syntax(src *Source, pos token.Pos) *ast.File {
	for _, file := range m.pkg.Syntax {
		if file.FileStart <= pos && pos <= file.FileEnd {
			return file
		}
	}
	return src.Syntax
}

type problem struct{ code, message string }

// fallback is the role of a function that answers in a method's place.
func fallback(w *Wrapper, method *Method) role {
	params := slices.Collect(method.Signature.Params().Variables())
	params = append(params, types.NewParam(token.NoPos, nil, "cause", types.Universe.Lookup("error").Type()))
	want := types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), method.Signature.Results(), false)
	return role{
		name: "fallback",
		typ:  gosrc.TypeName(want),
		fits: func(obj types.Object) bool {
			sig, ok := obj.Type().Underlying().(*types.Signature)
			return ok && isValue(obj) && sameSignature(instance(sig, w), want)
		},
	}
}

// instance gives a function as many type arguments as the interface has type
// parameters, if it takes as many.
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

// sameSignature compares by what types are called where they are not identical:
// one package can be loaded more than once.
func sameSignature(a, b *types.Signature) bool {
	plain := func(s *types.Signature) string { return types.TypeString(withoutNames(s), nil) }
	return types.Identical(a, b) || a.TypeParams().Len() == 0 && plain(a) == plain(b)
}

// function finds a function by the name that a directive in file gives it.
func (m *Package) resolveFunction(src *Source, file *ast.File, name string, want role) (Function, *problem) {
	pkg, id, problem := m.resolveName(file, name, want.name)
	if problem != nil {
		return Function{}, problem
	}
	return m.lookupFunction(src, pkg, id, name, want)
}

// qualified splits the name of something of the package, of an import of file,
// which may be a dot import, or of a path.
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
		return nil, "", &problem{codeFunction, fmt.Sprintf("the %s %s cannot be used here, for its package %s; move %s to a package that can be imported, or to this one", what, name, why, id)}
	}
	return pkg, id, nil
}

// unqualified says what is wrong with a name whose qualifier stands for no package.
func (m *Package) unknownQualifier(file *ast.File, name, what string) *problem {
	qualifier, id, _ := splitLast(name)
	first, _, _ := strings.Cut(qualifier, ".")
	if m.pkg.Types.Scope().Lookup(first) != nil || gosrc.ImportNamed(m.pkg.TypesInfo, file, first) != nil {
		return &problem{codeFunction, fmt.Sprintf("the %s %s is a part of %s, and only what a package declares can be named; declare a variable that holds it, and name that", what, name, qualifier)}
	}
	return &problem{codeFunction, fmt.Sprintf("the %s %s is of no package that is known here: %s is neither an import of this file nor the path of a package; write import/path.%s", what, name, qualifier, id)}
}

// barred says why this package cannot import another, or nothing if it can.
func (m *Package) importProblem(pkg *types.Package) string {
	switch here := m.pkg.Types; {
	case pkg.Path() == here.Path() || slices.Contains(here.Imports(), pkg):
		return ""
	case pkg.Name() == "main":
		return "is a program"
	case !gosrc.Importable(pkg, here):
		return "is internal to others"
	case m.pkg.Leads(pkg.Path(), here.Path()):
		return "imports this one, itself or through others"
	}
	return ""
}

// cutLast splits import/path.F at its last dot.
func splitLast(name string) (qualifier, fn string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// visible finds what a package calls id, if the source's output may refer to it.
func (m *Package) visible(src *Source, pkg *types.Package, id string) types.Object {
	local := pkg.Path() == m.pkg.Types.Path()
	if !local && !ast.IsExported(id) || m.onlyTests(src, pkg, id) != "" {
		return nil
	}
	return pkg.Scope().Lookup(id)
}

// onlyTests says that what the package calls id is declared in a test, if that keeps
// the source's output from referring to it.
func (m *Package) onlyTests(src *Source, pkg *types.Package, id string) string {
	obj := pkg.Scope().Lookup(id)
	if obj == nil || pkg.Path() != m.pkg.Types.Path() || src.inTest() || !m.inTest(obj) {
		return ""
	}
	return id + " is declared in a test, which other files do not see; declare it in a file that is no test"
}

// lookup finds a function in a package.
func (m *Package) lookupFunction(src *Source, pkg *types.Package, fn, name string, want role) (Function, *problem) {
	if why := m.onlyTests(src, pkg, fn); why != "" {
		return Function{}, &problem{codeFunction, why}
	}
	obj := m.visible(src, pkg, fn)
	if obj == nil {
		return Function{}, &problem{codeFunction, m.unknown(src, pkg, fn, name, want)}
	}
	if !want.fits(obj) {
		return Function{}, &problem{codeFunction, fmt.Sprintf("%s is %s; a %s must be %s", name, kind(obj), want.name, cmp.Or(want.types, want.typ))}
	}
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	verdict := isNamed(obj.Type(), gosrc.RuntimePath, "Classifier") || ok && sig.Results().Len() == 1 && isVerdict(sig.Results().At(0).Type())
	return Function{Package: pkg, Name: fn, Generic: ok && sig.TypeParams().Len() > 0, Verdict: verdict}, nil
}

func (m *Package) inTest(obj types.Object) bool {
	return strings.HasSuffix(m.pkg.Fset.Position(obj.Pos()).Filename, "_test.go")
}

// unknown names the functions that there are.
func (m *Package) unknown(src *Source, pkg *types.Package, fn, name string, want role) string {
	var near []string
	for _, known := range pkg.Scope().Names() {
		if obj := m.visible(src, pkg, known); obj != nil && want.fits(obj) {
			near = append(near, known)
		}
	}
	prefix := strings.TrimSuffix(name, fn)
	if prefix == "" {
		near = append(near, want.builtin...)
	}
	if known := directive.Nearest(fn, near); known != "" {
		return fmt.Sprintf("unknown %s %q; did you mean %q?", want.name, name, prefix+known)
	}
	if prefix != "" && !ast.IsExported(fn) {
		return fmt.Sprintf("unknown %s %q: what is named of package %s must be exported", want.name, name, pkg.Path())
	}
	instead := "the name of a " + want.typ
	if len(want.builtin) > 0 {
		instead = strings.Join(want.builtin, ", ") + " or " + instead
	}
	return fmt.Sprintf("unknown %s %q; write %s", want.name, name, instead)
}

func isValue(obj types.Object) bool {
	switch obj.(type) {
	case *types.Func, *types.Var:
		return true
	}
	return false
}

func kind(obj types.Object) string {
	switch obj.(type) {
	case *types.TypeName:
		return "a type"
	case *types.Const:
		return "a constant"
	}
	return gosrc.Article(obj.Type())
}

// importPath finds a package by its import path, loading it if nothing here
// imports it. It returns nil if there is none.
func (m *Package) packageAt(path string) *types.Package {
	if path == m.pkg.Types.Path() {
		return m.pkg.Types
	}
	for _, imported := range m.pkg.Types.Imports() {
		if imported.Path() == path && imported.Scope().Len() > 0 { // else it stands for one that is missing
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
