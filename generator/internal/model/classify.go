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
	resil "github.com/resilgen/resilgen/runtime"
)

// integrations are the classifiers that have modules of their own.
var integrations = []string{"http", "grpc", "sql"}

const integrationPath = "github.com/resilgen/resilgen/integrations/resil"

// A Step is one way to class what a method returned. The first that decides wins.
type Step struct {
	Function  Function
	OfResults bool // it is asked about all results, not about an error alone
	Errors    []ListedError
}

// A ListedError is one that a directive names and gives a class.
type ListedError struct {
	Class   resil.Class
	Package *types.Package
	Name    string     // of a variable or constant
	Type    types.Type // instead of pkg and name
}

// A Classifier is a function that is generated because no single one that is there
// does what a method's classify directive says.
type Classifier struct {
	Name    string
	key     string // the same for those that do the same
	Steps   []Step // the lists alone or, where the results are judged, up to the last that does
	Results *types.Tuple
	Users   []*Method
	Verdict bool // it returns a resil.Verdict, not a resil.Class
}

// classify resolves what a method's classify directive names: the errors of its
// lists, then its classifiers.
func (m *Package) resolveClassify(src *Source, w *Wrapper, method *Method) {
	var steps []Step
	if lists := m.listedErrors(src, method); len(lists) > 0 {
		steps = append(steps, Step{Errors: lists})
	}
	by := method.Policy.Classify.By
	for i, name := range by {
		pos := method.EntryPos("classify.by", i)
		wrong := func(p *problem) { src.reportOn(method, p.code, pos, "%s", p.message) }
		if k := slices.Index(by[:i], name); k >= 0 {
			wrong(&problem{codeNoEffect, fmt.Sprintf("%s is there twice: keep the first", name)})
			continue
		}
		if name == "network" && i == len(by)-1 && !slices.Contains(by, "all") {
			continue // the runtime asks it last anyway
		}
		found, bad := m.resolveClassifier(src, w, method, name, m.syntax(src, pos))
		switch {
		case bad != nil:
			wrong(bad)
			continue
		case !found.OfResults && slices.Contains(by[:i], "all"):
			wrong(&problem{codeNoEffect, fmt.Sprintf("%s is never asked, for all, which stands before it, decides about every error: put it before all, or leave it out", name)})
		}
		steps = append(steps, found)
	}
	last := -1
	for i, s := range steps {
		if s.OfResults {
			last = i
		}
	}
	switch {
	case last == 0:
		method.ResultClassifier = &steps[0].Function
	case last > 0:
		c := w.classifier(method, steps[:last+1], method.Signature.Results())
		method.ResultClassifier = &Function{Generated: c, Verdict: c.Verdict}
	}
	for _, s := range steps[last+1:] {
		if s.Errors != nil {
			s.Function = Function{Generated: w.classifier(method, []Step{s}, nil)}
		}
		method.Classifiers = append(method.Classifiers, s.Function)
	}
}

// classifier returns the function that takes the steps, making it if the interface
// has none.
func (w *Wrapper) classifier(user *Method, steps []Step, results *types.Tuple) *Classifier {
	var key strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&key, "%p %s %t", s.Function.Package, s.Function.Name, s.OfResults)
		for _, d := range s.Errors {
			fmt.Fprintf(&key, ", %s %p %s %v", d.Class, d.Package, d.Name, d.Type)
		}
	}
	if results != nil {
		key.WriteString(unnamedTuple(results).String())
	}
	for _, h := range w.Classifiers {
		if h.key == key.String() {
			h.Users = append(h.Users, user)
			return h
		}
	}
	h := &Classifier{key: key.String(), Steps: steps, Results: results, Users: []*Method{user}}
	h.Verdict = slices.ContainsFunc(steps, func(s Step) bool { return s.Function.Verdict })
	w.Classifiers = append(w.Classifiers, h)
	return h
}

// matchesTypes reports whether the function compares errors with a type.
func (h *Classifier) matchesTypes() bool {
	return slices.ContainsFunc(h.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Errors, func(d ListedError) bool { return d.Type != nil })
	})
}

// classifier resolves one entry of classify.
func (m *Package) resolveClassifier(src *Source, w *Wrapper, method *Method, name string, file *ast.File) (Step, *problem) {
	want := role{
		name:    "classifier",
		typ:     "func(error) of resil.Class or resil.Verdict",
		builtin: []string{"network", "all", "http", "grpc", "sql"},
		fits:    isClassifier,
	}
	switch {
	case name == "network":
		return Step{Function: Function{Name: "Network", Verdict: true}}, nil
	case name == "all":
		return Step{Function: Function{Name: "All", Verdict: true}}, nil
	case slices.Contains(integrations, name):
		path := integrationPath + name
		pkg := m.packageAt(path)
		if pkg == nil {
			return Step{}, &problem{codeIntegration, fmt.Sprintf("the classifier %s is in a module of its own; run: go get %s", name, path)}
		}
		fn, problem := m.lookupFunction(src, pkg, "Classify", path+".Classify", want)
		return Step{Function: fn}, problem
	}
	judges := false
	if method.returnsValues() {
		want.types = fmt.Sprintf("func(error) or %s, of resil.Class or resil.Verdict", gosrc.TypeName(types.NewSignatureType(nil, nil, nil, unnamedTuple(method.Signature.Results()), nil, false)))
		want.fits = func(obj types.Object) bool {
			judges = isResultClassifier(obj, w, method)
			return judges || isClassifier(obj)
		}
	}
	if !method.OnMethod["classify"] && w.returnsValues() { // for another it may be right
		want.types = cmp.Or(want.types, want.typ) + " for " + method.Name
	}
	fn, problem := m.resolveFunction(src, file, name, want)
	return Step{Function: fn, OfResults: judges}, problem
}

// yields reports whether the method returns more than an error.
func (m *Method) returnsValues() bool { return m.ReturnsError && m.Signature.Results().Len() > 1 }

// yields reports whether one of the methods does.
func (w *Wrapper) returnsValues() bool {
	return slices.ContainsFunc(w.Methods, (*Method).returnsValues)
}

// isClassifier reports whether obj can be used as a resil.Classifier.
func isClassifier(obj types.Object) bool {
	if !isValue(obj) {
		return false
	}
	if isNamed(obj.Type(), gosrc.RuntimePath, "Classifier") {
		return true
	}
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	return ok && sig.TypeParams().Len() == 0 && !sig.Variadic() &&
		sig.Params().Len() == 1 && isError(sig.Params().At(0).Type()) &&
		sig.Results().Len() == 1 && classifies(sig.Results().At(0).Type())
}

// classifies reports whether a classifier can return t.
func classifies(t types.Type) bool { return isNamed(t, gosrc.RuntimePath, "Class") || isVerdict(t) }

func isVerdict(t types.Type) bool { return isNamed(t, gosrc.RuntimePath, "Verdict") }

// isResultClassifier reports whether obj classifies all that the method returns.
func isResultClassifier(obj types.Object, w *Wrapper, method *Method) bool {
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	if !ok || !isValue(obj) {
		return false
	}
	sig = instance(sig, w)
	want := types.NewSignatureType(nil, nil, nil, method.Signature.Results(), sig.Results(), false)
	return sameSignature(sig, want) && sig.Results().Len() == 1 && classifies(sig.Results().At(0).Type())
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// lists resolves the errors that a method's classify directive declares.
func (m *Package) listedErrors(src *Source, method *Method) (lists []ListedError) {
	c := method.Policy.Classify
	seen := map[string]string{}
	for _, list := range []struct {
		key   string
		names []string
		class resil.Class
	}{
		{"app", c.App, resil.Application},
		{"infra", c.Infra, resil.Infrastructure},
		{"system", c.System, resil.SystemFault},
		{"throttled", c.Throttled, resil.Throttled},
	} {
		for i, name := range list.names {
			pos := method.EntryPos("classify."+list.key, i)
			if key, twice := seen[name]; twice {
				src.reportOn(method, codeNoEffect, pos, "%s has a class from %s= already: leave it out in one place", name, key)
				continue
			}
			seen[name] = list.key
			found, problem := m.listedError(src, m.syntax(src, pos), name)
			if problem != nil {
				src.reportOn(method, problem.code, pos, "%s", problem.message)
				continue
			}
			found.Class = list.class
			lists = append(lists, found)
		}
	}
	return lists
}

// declared finds an error variable or type.
func (m *Package) listedError(src *Source, file *ast.File, text string) (ListedError, *problem) {
	wrong := func(format string, args ...any) (ListedError, *problem) {
		return ListedError{}, &problem{codeFunction, fmt.Sprintf(format, args...)}
	}
	name, pointer := strings.CutPrefix(text, "*")
	pkg, id, problem := m.resolveName(file, name, "error")
	if problem != nil {
		return ListedError{}, problem
	}
	if why := m.onlyTests(src, pkg, id); why != "" {
		return wrong("%s", why)
	}
	obj := m.visible(src, pkg, id)
	switch obj := obj.(type) {
	case nil:
		var known []string
		for _, name := range pkg.Scope().Names() {
			if obj := m.visible(src, pkg, name); obj != nil && errorType(obj) != nil {
				known = append(known, name)
			}
		}
		if near := directive.Nearest(id, known); near != "" {
			near = strings.TrimSuffix(name, id) + near
			if t, ok := errorType(pkg.Scope().Lookup(near[strings.LastIndexByte(near, '.')+1:])).(*types.Pointer); ok && t != nil {
				near = "*" + near
			}
			return wrong("unknown error %q; did you mean %q?", text, near)
		}
		if pkg != m.pkg.Types && !ast.IsExported(id) {
			return wrong("unknown error %q: what is named of package %s must be exported", text, pkg.Path())
		}
		return wrong("unknown error %q; write the name of an error variable or type", text)
	case *types.Var, *types.Const:
		switch {
		case errorType(obj) == nil:
			return wrong("%s is %s, which is no error; write the name of an error variable or type", name, kind(obj))
		case pointer:
			return wrong("%s is a variable: write it without the star", name)
		}
		return ListedError{Package: pkg, Name: id}, nil
	case *types.TypeName:
		t := obj.Type()
		if named, ok := types.Unalias(t).(*types.Named); ok && named.TypeParams().Len() > 0 && named.TypeArgs().Len() == 0 {
			return wrong("%s is generic, and the list has no place for its type arguments: write a classifier, func(error) resil.Class", name)
		}
		if pointer {
			t = types.NewPointer(t)
		}
		iface, isInterface := t.Underlying().(*types.Interface)
		switch {
		case isInterface && !iface.IsMethodSet():
			return wrong("%s is a constraint, which no error has as its type", name)
		case isInterface && types.Implements(types.Universe.Lookup("error").Type(), iface):
			return wrong("every error is %s: write a narrower type", kind(types.NewParam(token.NoPos, nil, "", t)))
		case !isInterface && !isErrorValue(t):
			if fit := errorType(obj); fit != nil && pointer {
				return wrong("%s is no error; did you mean %q?", text, name)
			} else if fit != nil {
				return wrong("%s is no error, but a pointer to it is; did you mean %q?", text, "*"+name)
			}
			return wrong("%s is no error: it has no method Error() string", text)
		}
		return ListedError{Type: t}, nil
	}
	return wrong("%s is %s; write the name of an error variable or type", name, kind(obj))
}

func isErrorValue(t types.Type) bool {
	return types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// errorType is the type that errors of a variable, constant or type have, which may
// be a pointer to the type; nil for what is no error.
func errorType(obj types.Object) types.Type {
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
