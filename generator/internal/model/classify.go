package model

import (
	"cmp"
	"fmt"
	"go/ast"
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
	Users   []*Method
	Verdict bool // it returns a resil.Verdict, not a resil.Class

	key string // the same for functions that do the same
}

// A Step is a function that classifies, or a list of errors with their classes.
type Step struct {
	Function  Function
	OfResults bool          // the function classifies all results, not just an error
	Errors    []ListedError // the list; nil for a function
}

// resolveClassify resolves the classify directive of a method: the errors that it lists,
// then its classifiers.
func (m *Package) resolveClassify(src *Source, w *Wrapper, method *Method) {
	var steps []Step
	if listed := m.listedErrors(src, method); len(listed) > 0 {
		steps = append(steps, Step{Errors: listed})
	}
	by := method.Policy.Classify.By
	for i, name := range by {
		pos := method.EntryPos("classify.by", i)
		if slices.Contains(by[:i], name) {
			src.reportOn(method, codeNoEffect, pos, "%s is listed twice: keep the first", name)
			continue
		}
		if name == "network" && i == len(by)-1 && !slices.Contains(by, "all") {
			continue // the runtime always uses it last
		}
		step, problem := m.resolveClassifier(src, w, method, name, m.syntax(src, pos))
		if problem != nil {
			src.reportOn(method, problem.code, pos, "%s", problem.message)
			continue
		}
		if !step.OfResults && slices.Contains(by[:i], "all") {
			src.reportOn(method, codeNoEffect, pos, "%s is never used, because all, which stands before it, classifies every error: put it before all, or remove it", name)
		}
		steps = append(steps, step)
	}
	last := -1 // the last step that classifies results
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

// classifier returns the function to generate that takes these steps. The methods of an
// interface share it.
func (w *Wrapper) classifier(user *Method, steps []Step, results *types.Tuple) *Classifier {
	var key strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&key, "%p %s %t", s.Function.Package, s.Function.Name, s.OfResults)
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
		builtin: []string{"network", "all"},
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
