package generator

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// integrations are the classifiers that have modules of their own.
var integrations = []string{"http", "grpc", "sql"}

const integrationPath = "github.com/resilgen/resilgen/integrations/resil"

// A step is one way to class what a method returned. The first that decides wins.
type step struct {
	fn     function
	judges bool // it is asked about all results, not about an error alone
	lists  []declared
}

// A declared error is one that a directive names and gives a class.
type declared struct {
	class resil.Class
	pkg   *types.Package
	name  string     // of a variable or constant
	typ   types.Type // instead of pkg and name
}

// A helper is a function that is generated because no single one that is there
// does what a method's classify directive says.
type helper struct {
	name    string
	key     string // the same for those that do the same
	steps   []step // the lists alone or, where the results are judged, up to the last that does
	results *types.Tuple
	users   []*method
}

// classify resolves what a method's classify directive names: the errors of its
// lists, then its classifiers.
func (m *model) classify(src *source, w *wrapper, method *method) {
	var steps []step
	if lists := m.lists(src, method); len(lists) > 0 {
		steps = append(steps, step{lists: lists})
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
		found, bad := m.classifier(src, w, method, name, m.syntax(src, pos))
		switch {
		case bad != nil:
			wrong(bad)
			continue
		case !found.judges && slices.Contains(by[:i], "all"):
			wrong(&problem{codeNoEffect, fmt.Sprintf("%s is never asked, for all, which stands before it, decides about every error: put it before all, or leave it out", name)})
		}
		steps = append(steps, found)
	}
	last := -1
	for i, s := range steps {
		if s.judges {
			last = i
		}
	}
	switch {
	case last == 0:
		method.judge = &steps[0].fn
	case last > 0:
		method.judge = &function{helper: w.helper(method, steps[:last+1], method.sig.Results())}
	}
	for _, s := range steps[last+1:] {
		if s.lists != nil {
			s.fn = function{helper: w.helper(method, []step{s}, nil)}
		}
		method.classifiers = append(method.classifiers, s.fn)
	}
}

// helper returns the function that takes the steps, making it if the interface
// has none.
func (w *wrapper) helper(user *method, steps []step, results *types.Tuple) *helper {
	var key strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&key, "%p %s %t", s.fn.pkg, s.fn.name, s.judges)
		for _, d := range s.lists {
			fmt.Fprintf(&key, ", %s %p %s %v", d.class, d.pkg, d.name, d.typ)
		}
	}
	if results != nil {
		key.WriteString(untitled(results).String())
	}
	for _, h := range w.helpers {
		if h.key == key.String() {
			h.users = append(h.users, user)
			return h
		}
	}
	h := &helper{key: key.String(), steps: steps, results: results, users: []*method{user}}
	w.helpers = append(w.helpers, h)
	return h
}

// matchesTypes reports whether the function compares errors with a type.
func (h *helper) matchesTypes() bool {
	return slices.ContainsFunc(h.steps, func(s step) bool {
		return slices.ContainsFunc(s.lists, func(d declared) bool { return d.typ != nil })
	})
}

// classifier resolves one entry of classify.
func (m *model) classifier(src *source, w *wrapper, method *method, name string, file *ast.File) (step, *problem) {
	want := role{
		name:  "classifier",
		form:  "func(error) resil.Class",
		ready: []string{"network", "all", "http", "grpc", "sql"},
		fits:  isClassifier,
	}
	switch {
	case name == "network":
		return step{fn: function{name: "Network"}}, nil
	case name == "all":
		return step{fn: function{name: "All"}}, nil
	case slices.Contains(integrations, name):
		path := integrationPath + name
		pkg := m.importPath(path)
		if pkg == nil {
			return step{}, &problem{codeIntegration, fmt.Sprintf("the classifier %s is in a module of its own; run: go get %s", name, path)}
		}
		fn, problem := m.lookup(src, pkg, "Classify", path+".Classify", want)
		return step{fn: fn}, problem
	}
	judges := false
	if method.yields() {
		want.forms = fmt.Sprintf("%s or %s resil.Class", want.form, typeName(types.NewSignatureType(nil, nil, nil, untitled(method.sig.Results()), nil, false)))
		want.fits = func(obj types.Object) bool {
			judges = isJudge(obj, w, method)
			return judges || isClassifier(obj)
		}
	}
	if !method.OnMethod["classify"] && w.yields() { // for another it may be right
		want.forms = cmp.Or(want.forms, want.form) + " for " + method.Name
	}
	fn, problem := m.function(src, file, name, want)
	return step{fn: fn, judges: judges}, problem
}

// yields reports whether the method returns more than an error.
func (m *method) yields() bool { return m.fails && m.sig.Results().Len() > 1 }

// yields reports whether one of the methods does.
func (w *wrapper) yields() bool { return slices.ContainsFunc(w.methods, (*method).yields) }

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
		sig.Params().Len() == 1 && isError(sig.Params().At(0).Type()) &&
		sig.Results().Len() == 1 && isNamed(sig.Results().At(0).Type(), runtimePath, "Class")
}

// isJudge reports whether obj classes all that the method returns.
func isJudge(obj types.Object, w *wrapper, method *method) bool {
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	if !ok || !isValue(obj) {
		return false
	}
	sig = instance(sig, w)
	want := types.NewSignatureType(nil, nil, nil, method.sig.Results(), sig.Results(), false)
	return sameSignature(sig, want) && sig.Results().Len() == 1 && isNamed(sig.Results().At(0).Type(), runtimePath, "Class")
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// lists resolves the errors that a method's classify directive declares.
func (m *model) lists(src *source, method *method) (lists []declared) {
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
			found, problem := m.declared(src, m.syntax(src, pos), name)
			if problem != nil {
				src.reportOn(method, problem.code, pos, "%s", problem.message)
				continue
			}
			found.class = list.class
			lists = append(lists, found)
		}
	}
	return lists
}

// declared finds an error variable or type.
func (m *model) declared(src *source, file *ast.File, text string) (declared, *problem) {
	wrong := func(format string, args ...any) (declared, *problem) {
		return declared{}, &problem{codeFunction, fmt.Sprintf(format, args...)}
	}
	name, pointer := strings.CutPrefix(text, "*")
	pkg, id, problem := m.qualified(file, name, "error")
	if problem != nil {
		return declared{}, problem
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
		return declared{pkg: pkg, name: id}, nil
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
		return declared{typ: t}, nil
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

// helper writes a function that classifies.
func (e *emitter) helper(h *helper) *jen.Statement {
	owner := e.w.obj.Name()
	if len(h.users) == 1 && len(e.w.helpers) > 1 {
		owner += "." + h.users[0].Name
	}
	if h.results == nil {
		return e.classifier(h, owner)
	}
	return e.judge(h, owner)
}

// classifier writes one that is asked about errors: its only step is a list.
func (e *emitter) classifier(h *helper, owner string) *jen.Statement {
	err := fresh(e.record(func() { e.cases(h.steps[0].lists, "") }), "err")
	return jen.Commentf("// %s classifies the errors that are listed for %s.", h.name, owner).Line().
		Func().Id(h.name).Params(jen.Id(err).Error()).Add(e.resil("Class")).
		Block(e.cases(h.steps[0].lists, err), jen.Return(e.resil("Undecided")))
}

// judge writes one that is asked about all results.
func (e *emitter) judge(h *helper, owner string) *jen.Statement {
	typeParams := e.w.named().TypeParams()
	used := e.record(func() {
		e.resil("Undecided")
		for _, s := range h.steps {
			if s.lists != nil {
				e.cases(s.lists, "")
			} else {
				e.function(s.fn)
			}
		}
		for v := range h.results.Variables() {
			e.typ(v.Type())
		}
		for p := range typeParams.TypeParams() {
			e.used[e.params[p]] = true
		}
	})
	local := func(candidates ...string) string {
		name := fresh(used, candidates...)
		used[name] = true
		return name
	}
	last := h.results.Len() - 1
	var names []string
	var types []*jen.Statement
	var args []jen.Code
	for i := range h.results.Len() {
		v := h.results.At(i)
		name := v.Name()
		switch {
		case name != "" && name != "_":
		case i == last:
			name = "err"
		case last == 1:
			name = "result"
		default:
			name = fmt.Sprintf("r%d", i)
		}
		names = append(names, local(name))
		types = append(types, e.typ(v.Type()))
		args = append(args, jen.Id(names[i]))
	}
	class := local("class")
	var body []jen.Code
	for i, s := range h.steps {
		call := e.function(s.fn)
		switch {
		case s.lists != nil:
			body = append(body, e.cases(s.lists, names[last]))
			continue
		case s.judges:
			if s.fn.generic {
				call.Add(e.typeParamNames(typeParams))
			}
			call.Call(args...)
		default:
			call.Call(args[last])
		}
		if i == len(h.steps)-1 {
			body = append(body, jen.Return(call))
			break
		}
		decided := jen.If(jen.Id(class).Op(":=").Add(call), jen.Id(class).Op("!=").Add(e.resil("Undecided"))).Block(jen.Return(jen.Id(class)))
		if !s.judges {
			decided = jen.If(jen.Add(args[last]).Op("!=").Nil()).Block(decided)
		}
		body = append(body, decided)
	}
	return jen.Commentf("// %s classifies the results of %s.", h.name, owner).Line().
		Func().Id(h.name).Add(e.typeParams(typeParams)).
		Params(grouped(names, types, h.results, false)...).Add(e.resil("Class")).
		Block(body...)
}

// cases returns the class of an error that is declared.
func (e *emitter) cases(lists []declared, err string) *jen.Statement {
	var clauses []jen.Code
	for start := 0; start < len(lists); {
		class := lists[start].class
		var tests []jen.Code
		for ; start < len(lists) && lists[start].class == class; start++ {
			tests = append(tests, e.test(lists[start], err))
		}
		decide := jen.Return(e.class(class))
		if class == lists[0].class && start == len(lists) {
			return jen.If(joined(tests, "||")).Block(decide)
		}
		clauses = append(clauses, jen.Case(joined(tests, ",")).Block(decide))
	}
	return jen.Switch().Block(clauses...)
}

// joined writes an operator between expressions, with a line for each if they are
// long.
func joined(exprs []jen.Code, op string) *jen.Statement {
	join := func(end jen.Code) *jen.Statement {
		code := jen.Add(exprs[0])
		for _, x := range exprs[1:] {
			code.Op(op).Add(end, x)
		}
		return code
	}
	if line := join(jen.Null()); len(fmt.Sprintf("%#v", line)) <= wide {
		return line
	}
	return join(jen.Line())
}

// test asks whether an error is the declared one.
func (e *emitter) test(d declared, err string) *jen.Statement {
	errors := jen.Id(e.imported("errors", "errors"))
	if d.typ == nil {
		return errors.Dot("Is").Call(jen.Id(err), e.qualified(d.pkg, d.name))
	}
	return errors.Dot("As").Call(jen.Id(err), jen.New(e.typ(d.typ)))
}
