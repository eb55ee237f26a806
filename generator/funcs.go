package generator

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	resil "github.com/resilgen/resilgen/runtime"
)

// A classifier is a function of a package, or one of the runtime.
type classifier struct {
	pkg  *types.Package // nil for the runtime
	name string
}

// ready are the classifiers of the runtime.
var ready = map[string]string{"network": "Network", "all": "All"}

// integrations are the classifiers that have modules of their own.
var integrations = []string{"http", "grpc", "sql"}

const integrationPath = "github.com/resilgen/resilgen/integrations/resil"

// classifiers resolves what the classify directives of an interface name.
func (m *model) classifiers(src *source, w *wrapper) {
	for _, method := range w.methods {
		c := method.Policy.Classify
		if c == nil {
			continue
		}
		pos := method.origin("classify")
		if p := method.Origins["classify.by"]; p.IsValid() {
			pos = p
		}
		by := c.By
		if len(by) > 0 && by[len(by)-1] == "network" {
			by = by[:len(by)-1] // the runtime asks it last anyway
		}
		for _, name := range by {
			if found, problem := m.classifier(src, name); problem != nil {
				src.report(problem.code, pos, "%s", problem.message)
			} else {
				method.classifiers = append(method.classifiers, found)
			}
		}
	}
}

type problem struct{ code, message string }

func (m *model) classifier(src *source, name string) (classifier, *problem) {
	if ready[name] != "" {
		return classifier{name: ready[name]}, nil
	}
	if slices.Contains(integrations, name) {
		path := integrationPath + name
		if pkg := m.importPath(path); pkg != nil {
			return m.function(src, pkg, "Classify", path+".Classify")
		}
		return classifier{}, &problem{codeIntegration, fmt.Sprintf("the classifier %s is in a module of its own; run: go get %s", name, path)}
	}
	qualifier, fn, qualified := cutLast(name)
	if !qualified {
		return m.function(src, m.pkg.Types, name, name)
	}
	pkg := importOf(m.pkg.TypesInfo, src.syntax, qualifier)
	if pkg == nil {
		pkg = m.importPath(qualifier)
	}
	if pkg == nil {
		return classifier{}, &problem{codeClassifier, fmt.Sprintf("the classifier %s is of no package that is known here: %s is neither an import of this file nor the path of a package; write import/path.%s", name, qualifier, fn)}
	}
	return m.function(src, pkg, fn, name)
}

// cutLast splits import/path.F at its last dot.
func cutLast(name string) (qualifier, fn string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// function finds a classifier in a package.
func (m *model) function(src *source, pkg *types.Package, fn, name string) (classifier, *problem) {
	local := pkg.Path() == m.pkg.Types.Path()
	obj := pkg.Scope().Lookup(fn)
	if obj != nil && (!local && !ast.IsExported(fn) || local && !src.inTest() && m.inTest(obj)) {
		obj = nil
	}
	if obj == nil {
		return classifier{}, &problem{codeClassifier, m.unknown(src, pkg, fn, name)}
	}
	if !isClassifier(obj) {
		return classifier{}, &problem{codeClassifier, fmt.Sprintf("%s is %s; a classifier must be func(error) resil.Class", name, kind(obj))}
	}
	return classifier{pkg, fn}, nil
}

func (m *model) inTest(obj types.Object) bool {
	return strings.HasSuffix(m.pkg.fset.Position(obj.Pos()).Filename, "_test.go")
}

// unknown names the classifiers that there are.
func (m *model) unknown(src *source, pkg *types.Package, fn, name string) string {
	var near []string
	for _, known := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(known); isClassifier(obj) {
			near = append(near, known)
		}
	}
	prefix := strings.TrimSuffix(name, fn)
	if prefix == "" {
		near = append(near, "network", "all")
		near = append(near, integrations...)
	}
	if known := resil.Nearest(fn, near); known != "" {
		return fmt.Sprintf("unknown classifier %q; did you mean %q?", name, prefix+known)
	}
	return fmt.Sprintf("unknown classifier %q; write network, all, http, grpc, sql or the name of a func(error) resil.Class", name)
}

// isClassifier reports whether obj can be used as a resil.Classifier.
func isClassifier(obj types.Object) bool {
	switch obj.(type) {
	case *types.Func, *types.Var:
	default:
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
