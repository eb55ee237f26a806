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
)

// A Classifier is a function to generate: no single function does all that a classify
// directive says.
type Classifier struct {
	Name    string
	Steps   []Step       // the first that decides wins
	Results *types.Tuple // what it classifies; nil if that is an error, and the only step is a list
	Glue    *Glue        // where it is a function of a library's recipe; then it has no steps
	Users   []*Method
	Verdict bool // it returns a resil.Verdict, not a resil.Class

	key string // the same for functions that do the same
}

// A Step is a function that classifies, or a list of errors with their classes.
type Step struct {
	Function  Function
	OfResults bool          // the function classifies results, not just an error
	Result    int           // of a library's function that classifies results: the index of the one that it takes beside the error
	Errors    []ListedError // the list; nil for a function
}

// resolveClassify resolves what classifies the outcome of a method: the errors that its
// classify directive lists, then its classifiers and the client libraries that the
// interface shows.
func (m *Package) resolveClassify(src *Source, w *Wrapper, method *Method) {
	var steps []Step
	if listed := m.listedErrors(src, method); len(listed) > 0 {
		steps = append(steps, Step{Errors: listed})
	}
	entries := m.classifierEntries(w, method)
	stands := func(name string, before int) bool {
		return slices.ContainsFunc(entries[:before], func(e classifierEntry) bool { return e.name == name })
	}
	for i, e := range entries {
		if stands(e.name, i) {
			src.reportOn(method, codeNoEffect, e.pos, "%s is listed twice: keep the first", e.name)
			continue
		}
		if e.name == "network" && i == len(entries)-1 && !stands("all", i) {
			continue // the runtime always uses it last
		}
		found, problem := m.stepsOf(src, w, method, e)
		if problem != nil {
			src.reportEntry(method, e, problem)
			continue
		}
		if stands("all", i) && !slices.ContainsFunc(found, func(s Step) bool { return s.OfResults }) {
			src.reportOn(method, codeNoEffect, e.pos, "%s is never used, because all, which stands before it, classifies every error: put it before all, or remove it", e.name)
		}
		if len(found) == 0 {
			continue // nothing that the method returns is of that library
		}
		steps = append(steps, found...)
		method.ByLibrary = method.ByLibrary || e.library != nil
		method.ClassifiedBy = append(method.ClassifiedBy, e.name)
	}
	if !stands("all", len(entries)) {
		method.ClassifiedBy = append(method.ClassifiedBy, "network")
	}
	method.setClassifiers(w, steps)
}

// stepsOf returns the steps of what classifies errors.
func (m *Package) stepsOf(src *Source, w *Wrapper, method *Method, e classifierEntry) ([]Step, *problem) {
	if e.library != nil {
		return m.librarySteps(src, w, method, e.library)
	}
	step, problem := m.resolveClassifier(src, w, method, e.name, m.syntax(src, e.pos))
	return []Step{step}, problem
}

// reportEntry reports what is wrong with one of what classifies errors: once for an
// interface where the signatures show the library.
func (s *Source) reportEntry(method *Method, e classifierEntry, p *problem) {
	if !e.recognized {
		s.reportOn(method, p.code, e.pos, "%s", p.message)
		return
	}
	s.reportOnce(p.code, e.pos, p.message)
}

// reportOnce reports something unless it is reported already.
func (s *Source) reportOnce(code string, pos token.Pos, message string) {
	s.Report(code, pos, "%s", message)
	if last := len(s.Diagnostics) - 1; slices.Contains(s.Diagnostics[:last], s.Diagnostics[last]) {
		s.Diagnostics = s.Diagnostics[:last]
	}
}

// setClassifiers splits the steps into those that need all results and those that need
// the error only.
func (m *Method) setClassifiers(w *Wrapper, steps []Step) {
	last := -1 // the last step that classifies results
	for i, s := range steps {
		if s.OfResults {
			last = i
		}
	}
	switch {
	case last == 0 && steps[0].takesAll(m):
		m.ResultClassifier = &steps[0].Function
	case last >= 0:
		c := w.classifier(m, steps[:last+1], m.Signature.Results())
		m.ResultClassifier = &Function{Generated: c, Verdict: c.Verdict}
	}
	for _, s := range steps[last+1:] {
		if s.Errors != nil {
			s.Function = Function{Generated: w.classifier(m, []Step{s}, nil)}
		}
		m.Classifiers = append(m.Classifiers, s.Function)
	}
}

// takesAll reports whether the step's function, which classifies results, takes all
// results of the method.
func (s Step) takesAll(m *Method) bool {
	return s.Function.Generated == nil || m.Signature.Results().Len() == 2
}

// classifier returns the function to generate that takes these steps. The methods of an
// interface share it.
func (w *Wrapper) classifier(user *Method, steps []Step, results *types.Tuple) *Classifier {
	var key strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&key, "%p %s %t", s.Function.Package, s.Function.Name, s.OfResults)
		if g := s.Function.Generated; g != nil {
			fmt.Fprintf(&key, " %s %d", g.key, s.Result)
		}
		for _, e := range s.Errors {
			fmt.Fprintf(&key, ", %s %p %s %v", e.Class, e.Package, e.Name, e.Type)
		}
	}
	if results != nil {
		key.WriteString(unnamedTuple(results).String())
	}
	for _, c := range w.Classifiers {
		if c.key == key.String() {
			c.Users = append(c.Users, user)
			return c
		}
	}
	c := &Classifier{key: key.String(), Steps: steps, Results: results, Users: []*Method{user}}
	c.Verdict = slices.ContainsFunc(steps, func(s Step) bool { return s.Function.Verdict })
	w.Classifiers = append(w.Classifiers, c)
	return c
}

// matchesTypes reports whether the function compares errors with a type.
func (c *Classifier) matchesTypes() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Errors, func(e ListedError) bool { return e.Type != nil })
	})
}

// resolveClassifier resolves one entry of classify, which stands in file.
func (m *Package) resolveClassifier(src *Source, w *Wrapper, method *Method, name string, file *ast.File) (Step, *problem) {
	want := role{
		name:    "classifier",
		typ:     "func(error) of resil.Class or resil.Verdict",
		builtin: []string{"network", "all", "a client library"},
		near:    libraryNames(),
		fits:    isClassifier,
	}
	switch {
	case name == "network":
		return Step{Function: Function{Name: "Network", Verdict: true}}, nil
	case name == "all":
		return Step{Function: Function{Name: "All", Verdict: true}}, nil
	}
	ofResults := false
	if method.returnsValues() {
		want.types = fmt.Sprintf("func(error) or %s, of resil.Class or resil.Verdict", gosrc.TypeNameIn(m.pkg.Types, types.NewSignatureType(nil, nil, nil, unnamedTuple(method.Signature.Results()), nil, false)))
		want.fits = func(obj types.Object) bool {
			ofResults = isResultClassifier(obj, w, method)
			return ofResults || isClassifier(obj)
		}
	}
	if !method.OnMethod["classify"] && w.returnsValues() { // another method may need another type
		want.types = cmp.Or(want.types, want.typ) + " for " + method.Name
	}
	fn, problem := m.resolveFunction(src, file, name, want)
	return Step{Function: fn, OfResults: ofResults}, problem
}

// returnsValues reports whether the method returns an error and something else.
func (m *Method) returnsValues() bool { return m.ReturnsError && m.Signature.Results().Len() > 1 }

// returnsValues reports whether one of the methods does.
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
	return ok && sig.TypeParams().Len() == 0 && !sig.Variadic() && isClass(sig.Results()) &&
		sig.Params().Len() == 1 && types.Identical(sig.Params().At(0).Type(), errorType)
}

// isResultClassifier reports whether obj takes all results of the method and returns
// their class.
func isResultClassifier(obj types.Object, w *Wrapper, method *Method) bool {
	sig, ok := types.Unalias(obj.Type()).(*types.Signature)
	if !ok || !isValue(obj) {
		return false
	}
	sig = instance(sig, w)
	want := types.NewSignatureType(nil, nil, nil, method.Signature.Results(), sig.Results(), false)
	return sameSignature(sig, want) && isClass(sig.Results())
}

// isClass reports whether the only result is a resil.Class or resil.Verdict.
func isClass(results *types.Tuple) bool {
	return results.Len() == 1 && isNamed(results.At(0).Type(), gosrc.RuntimePath, "Class") || isVerdict(results)
}

// isVerdict reports whether the only result is a resil.Verdict.
func isVerdict(results *types.Tuple) bool {
	return results.Len() == 1 && isNamed(results.At(0).Type(), gosrc.RuntimePath, "Verdict")
}
