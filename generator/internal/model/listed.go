package model

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// A ListedError is an error to which a directive gives a class: a variable or constant,
// which errors.Is finds, or a type, which errors.As finds.
type ListedError struct {
	Class   resil.Class
	Package *types.Package // with Name; nil for a type
	Name    string
	Type    types.Type
}

// listedErrors resolves the errors to which a method's classify directive gives classes.
func (m *Package) listedErrors(src *Source, method *Method) (listed []ListedError) {
	if method.Policy.Classify == nil {
		return nil
	}
	seen := map[string]string{} // the key, by name
	for list := range method.Policy.Classify.Lists {
		for i, name := range list.Names {
			pos := method.EntryPos("classify."+list.Key, i)
			if key, twice := seen[name]; twice {
				src.reportOn(method, codeNoEffect, pos, "%s already has a class from %s=: remove it from one of the two", name, key)
				continue
			}
			seen[name] = list.Key
			found, problem := m.listedError(src, m.syntax(src, pos), name)
			if problem != nil {
				src.reportOn(method, problem.code, pos, "%s", problem.message)
				continue
			}
			found.Class = list.Class
			listed = append(listed, found)
		}
	}
	return listed
}

// listedError finds an error variable or type. Text stands in file, as in *json.SyntaxError.
func (m *Package) listedError(src *Source, file *ast.File, text string) (ListedError, *problem) {
	name, pointer := strings.CutPrefix(text, "*")
	pkg, id, problem := m.resolveName(file, name, "error")
	if problem != nil {
		return ListedError{}, problem
	}
	if why := m.onlyTests(src, pkg, id); why != "" {
		return ListedError{}, problemf(codeFunction, "%s", why)
	}
	switch obj := m.visible(src, pkg, id).(type) {
	case nil:
		return ListedError{}, m.unknownError(src, pkg, id, text)
	case *types.Var, *types.Const:
		switch {
		case errorTypeOf(obj) == nil:
			return ListedError{}, problemf(codeFunction, "%s is %s, which is not an error; write the name of an error variable or type", name, m.kind(obj))
		case pointer:
			return ListedError{}, problemf(codeFunction, "%s is a variable: write it without the star", name)
		}
		return ListedError{Package: pkg, Name: id}, nil
	case *types.TypeName:
		t := obj.Type()
		if pointer {
			t = types.NewPointer(t)
		}
		return ListedError{Type: t}, checkErrorType(obj, t, name)
	default:
		return ListedError{}, problemf(codeFunction, "%s is %s; write the name of an error variable or type", name, m.kind(obj))
	}
}

// unknownError says which error was probably meant by text, of which id is the last part.
func (m *Package) unknownError(src *Source, pkg *types.Package, id, text string) *problem {
	var known []string
	for _, name := range pkg.Scope().Names() {
		if obj := m.visible(src, pkg, name); obj != nil && errorTypeOf(obj) != nil {
			known = append(known, name)
		}
	}
	if near := directive.Nearest(id, known); near != "" {
		meant := strings.TrimSuffix(strings.TrimPrefix(text, "*"), id) + near
		if t, ok := pkg.Scope().Lookup(near).(*types.TypeName); ok && !isErrorValue(t.Type()) {
			meant = "*" + meant
		}
		return problemf(codeFunction, "unknown error %q; did you mean %q?", text, meant)
	}
	if pkg != m.pkg.Types && !ast.IsExported(id) {
		return unexported("error", text, pkg)
	}
	return problemf(codeFunction, "unknown error %q; write the name of an error variable or type", text)
}

// checkErrorType says why t, which is the type of obj or a pointer to it, is not the type
// of some errors only. It returns nil if it is.
func checkErrorType(obj *types.TypeName, t types.Type, name string) *problem {
	if named, ok := types.Unalias(obj.Type()).(*types.Named); ok && named.TypeParams().Len() > 0 && named.TypeArgs().Len() == 0 {
		return problemf(codeFunction, "%s is generic, and a list cannot have type arguments: write a classifier, func(error) resil.Class", name)
	}
	if iface, ok := t.Underlying().(*types.Interface); ok {
		switch {
		case !iface.IsMethodSet():
			return problemf(codeFunction, "%s is a constraint, which no error has as its type", name)
		case types.Implements(errorType, iface):
			return problemf(codeFunction, "every error is %s: write a narrower type", gosrc.Article(t))
		}
		return nil
	}
	if isErrorValue(t) {
		return nil
	}
	switch _, pointer := t.(*types.Pointer); {
	case errorTypeOf(obj) == nil:
		if pointer {
			name = "*" + name
		}
		return problemf(codeFunction, "%s is not an error: it has no method Error() string", name)
	case pointer:
		return problemf(codeFunction, "*%s is not an error; did you mean %q?", name, name)
	}
	return problemf(codeFunction, "%s is not an error, but a pointer to it is; did you mean %q?", name, "*"+name)
}

// errorType is the type error.
var errorType = types.Universe.Lookup("error").Type()

func isErrorValue(t types.Type) bool {
	return types.Implements(t, errorType.Underlying().(*types.Interface))
}

// errorTypeOf returns the type of errors that a variable or constant has, or that a type
// declares, which may be a pointer to the type. It returns nil for what is not an error.
func errorTypeOf(obj types.Object) types.Type {
	switch obj.(type) {
	case *types.Var, *types.Const, *types.TypeName:
		t := obj.Type()
		if isErrorValue(t) {
			return t
		}
		if _, ok := obj.(*types.TypeName); ok && isErrorValue(types.NewPointer(t)) {
			return types.NewPointer(t)
		}
	}
	return nil
}
