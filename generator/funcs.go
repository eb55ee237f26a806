package generator

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	resil "github.com/resilgen/resilgen/runtime"
)

// A function is one that a directive names.
type function struct {
	pkg     *types.Package // nil for the runtime
	name    string
	generic bool // with the interface's type parameters
}

// A role is what a directive wants a function for.
type role struct {
	name  string   // as messages call it
	form  string   // the type that it must have
	ready []string // names that stand for functions of resilgen's own
	fits  func(types.Object) bool
}

var classifier = role{
	name:  "classifier",
	form:  "func(error) resil.Class",
	ready: []string{"network", "all", "http", "grpc", "sql"},
	fits:  isClassifier,
}

// integrations are the classifiers that have modules of their own.
var integrations = []string{"http", "grpc", "sql"}

const integrationPath = "github.com/resilgen/resilgen/integrations/resil"

// functions resolves what the classify and fallback directives of an interface
// name.
func (m *model) functions(src *source, w *wrapper) {
	for _, method := range w.methods {
		if c := method.Policy.Classify; c != nil {
			by := c.By
			if len(by) > 0 && by[len(by)-1] == "network" {
				by = by[:len(by)-1] // the runtime asks it last anyway
			}
			for _, name := range by {
				if found, problem := m.classifier(src, name); problem != nil {
					src.report(problem.code, method.word("classify.by"), "%s", problem.message)
				} else {
					method.classifiers = append(method.classifiers, found)
				}
			}
		}
		if f := method.Policy.Fallback; f != nil && f.Func != "" && method.fails {
			if found, problem := m.function(src, f.Func, fallback(w, method)); problem != nil {
				src.report(problem.code, method.word("fallback.func"), "%s", problem.message)
			} else {
				method.fallback = &found
			}
		}
	}
}

type problem struct{ code, message string }

func (m *model) classifier(src *source, name string) (function, *problem) {
	switch {
	case name == "network":
		return function{name: "Network"}, nil
	case name == "all":
		return function{name: "All"}, nil
	case slices.Contains(integrations, name):
		path := integrationPath + name
		if pkg := m.importPath(path); pkg != nil {
			return m.lookup(src, pkg, "Classify", path+".Classify", classifier)
		}
		return function{}, &problem{codeIntegration, fmt.Sprintf("the classifier %s is in a module of its own; run: go get %s", name, path)}
	}
	return m.function(src, name, classifier)
}

// fallback is the role of a function that answers in a method's place.
func fallback(w *wrapper, method *method) role {
	params := slices.Collect(method.sig.Params().Variables())
	params = append(params, types.NewParam(token.NoPos, nil, "cause", types.Universe.Lookup("error").Type()))
	want := types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), method.sig.Results(), false)
	return role{
		name: "fallback",
		form: typeName(want),
		fits: func(obj types.Object) bool {
			sig, ok := types.Unalias(obj.Type()).(*types.Signature)
			return ok && isValue(obj) && sameSignature(instance(sig, w), want)
		},
	}
}

// instance gives a function as many type arguments as the interface has type
// parameters, if it takes as many.
func instance(sig *types.Signature, w *wrapper) *types.Signature {
	params := w.named().TypeParams()
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
	plain := func(s *types.Signature) string { return types.TypeString(unnamed(s), nil) }
	return types.Identical(a, b) || a.TypeParams().Len() == 0 && plain(a) == plain(b)
}

// function finds a function of the package, of an import or of a path.
func (m *model) function(src *source, name string, want role) (function, *problem) {
	qualifier, fn, qualified := cutLast(name)
	if !qualified {
		return m.lookup(src, m.pkg.Types, name, name, want)
	}
	pkg := importOf(m.pkg.TypesInfo, src.syntax, qualifier)
	if pkg == nil {
		pkg = m.importPath(qualifier)
	}
	if pkg == nil {
		return function{}, &problem{codeFunction, fmt.Sprintf("the %s %s is of no package that is known here: %s is neither an import of this file nor the path of a package; write import/path.%s", want.name, name, qualifier, fn)}
	}
	return m.lookup(src, pkg, fn, name, want)
}

// cutLast splits import/path.F at its last dot.
func cutLast(name string) (qualifier, fn string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// lookup finds a function in a package.
func (m *model) lookup(src *source, pkg *types.Package, fn, name string, want role) (function, *problem) {
	local := pkg.Path() == m.pkg.Types.Path()
	obj := pkg.Scope().Lookup(fn)
	if obj != nil && (!local && !ast.IsExported(fn) || local && !src.inTest() && m.inTest(obj)) {
		obj = nil
	}
	if obj == nil {
		return function{}, &problem{codeFunction, unknown(pkg, fn, name, want)}
	}
	if !want.fits(obj) {
		return function{}, &problem{codeFunction, fmt.Sprintf("%s is %s; a %s must be %s", name, kind(obj), want.name, want.form)}
	}
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	return function{pkg, fn, ok && sig.TypeParams().Len() > 0}, nil
}

func (m *model) inTest(obj types.Object) bool {
	return strings.HasSuffix(m.pkg.fset.Position(obj.Pos()).Filename, "_test.go")
}

// unknown names the functions that there are.
func unknown(pkg *types.Package, fn, name string, want role) string {
	var near []string
	for _, known := range pkg.Scope().Names() {
		if want.fits(pkg.Scope().Lookup(known)) {
			near = append(near, known)
		}
	}
	prefix := strings.TrimSuffix(name, fn)
	if prefix == "" {
		near = append(near, want.ready...)
	}
	if known := resil.Nearest(fn, near); known != "" {
		return fmt.Sprintf("unknown %s %q; did you mean %q?", want.name, name, prefix+known)
	}
	instead := "the name of a " + want.form
	if len(want.ready) > 0 {
		instead = strings.Join(want.ready, ", ") + " or " + instead
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

// isClassifier reports whether obj can be used as a resil.Classifier.
func isClassifier(obj types.Object) bool {
	if !isValue(obj) {
		return false
	}
	if isNamed(obj.Type(), runtimePath, "Classifier") {
		return true
	}
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	return ok && sig.TypeParams().Len() == 0 && !sig.Variadic() &&
		sig.Params().Len() == 1 && types.Identical(sig.Params().At(0).Type(), types.Universe.Lookup("error").Type()) &&
		sig.Results().Len() == 1 && isNamed(sig.Results().At(0).Type(), runtimePath, "Class")
}

func kind(obj types.Object) string {
	switch obj.(type) {
	case *types.TypeName:
		return "a type"
	case *types.Const:
		return "a constant"
	}
	return article(obj.Type())
}

// importPath finds a package by its import path, loading it if nothing here
// imports it. It returns nil if there is none.
func (m *model) importPath(path string) *types.Package {
	if path == m.pkg.Types.Path() {
		return m.pkg.Types
	}
	for _, imported := range m.pkg.Types.Imports() {
		if imported.Path() == path {
			return imported
		}
	}
	if m.pkg.known != nil {
		for _, pkg := range m.pkg.known {
			if pkg.Path() == path {
				return pkg
			}
		}
		m.missed = true
		return nil
	}
	if pkg, ok := m.others[path]; ok {
		return pkg
	}
	var pkg *types.Package
	found, err := packages.Load(&packages.Config{
		Context: m.ctx,
		Dir:     m.pkg.Dir,
		Mode:    packages.NeedName | packages.NeedTypes | packages.NeedImports,
	}, path)
	if err == nil && len(found) == 1 && len(found[0].Errors) == 0 {
		pkg = found[0].Types
	}
	if m.others == nil {
		m.others = map[string]*types.Package{}
	}
	m.others[path] = pkg
	return pkg
}
