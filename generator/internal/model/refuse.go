package model

import (
	"go/token"
	"go/version"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
)

// A checker reports policies that the methods of a wrapper forbid. It does not change
// the wrapper.
type checker struct {
	*Source
	w      *Wrapper
	waived map[token.Pos]bool // waivers that had an effect

	repetitions []repetition
}

// check checks all methods, and the wrapper itself.
func (s *checker) check() {
	w := s.w
	for t := range w.TypeParams().TypeParams() {
		if bad := gosrc.Unwritable(t.Constraint(), s.Package.Types); bad != nil {
			s.Report(codeInterface, w.Spec.Pos(), "%s cannot be wrapped: %s", w.Interface.Name(), unnameable(bad))
		}
	}
	needed := []string{"error", "nil", "string"}
	if slices.ContainsFunc(w.Classifiers, (*Classifier).matchesTypes) {
		needed = append(needed, "new")
	}
	if slices.ContainsFunc(w.Methods, func(m *Method) bool { return m.Form == Scanning }) {
		needed = append(needed, "any")
	}
	for _, c := range w.Classifiers {
		if c.Glue != nil {
			needed = append(needed, c.Glue.Globals()...)
		}
	}
	for _, m := range w.Methods {
		if !m.HasGuard() {
			continue
		}
		if m.Outlives() || m.Policy.Idempotent != nil {
			needed = append(needed, "true")
		}
		for _, h := range m.Held {
			if h.Keeper != nil {
				needed = append(needed, h.Keeper.globals()...)
			}
		}
	}
	slices.Sort(needed)
	for _, name := range slices.Compact(needed) {
		if s.Package.Types.Scope().Lookup(name) != nil {
			s.Report(codeInterface, w.Spec.Pos(), "%s cannot be wrapped: this package declares %s, which generated code needs with its meaning in Go; rename that declaration", w.Interface.Name(), name)
		}
	}
	for _, m := range w.Methods {
		if m.Unwritable != "" {
			if m.HasGuard() {
				s.Report(codeInterface, m.Pos, "%s cannot be guarded: %s", m.Name, m.Unwritable)
			}
			continue
		}
		if m.HasGuard() {
			s.checkMethod(m)
		}
	}
	s.reportRepetitions()
	s.checkWaivers()
	if m := w.unusedClassify(); m != nil {
		s.reportOn(m, codeNoEffect, m.directivePos("classify"), "classify has no effect, because %s has no retry, breaker or fallback that needs it; add one, or remove classify", m.Name)
	}
	if v := s.Package.Types.GoVersion(); w.embedsByAlias() && w.TypeParams().Len() > 0 && v != "" && version.Compare(v, "go1.24") < 0 {
		s.Report(codeInterface, w.Spec.Pos(), "%s cannot be wrapped: the wrapper must embed it, and has a method of the same name, which before go 1.24 a generic interface cannot do; rename one of the two", w.Interface.Name())
	}
}

// unusedClassify returns a method whose classify directive nothing uses: its own, or the
// interface's if no method has a guard. It returns nil if there is none.
func (w *Wrapper) unusedClassify() *Method {
	anyGuard := slices.ContainsFunc(w.Methods, (*Method).HasGuard)
	for _, m := range w.Methods {
		if m.Policy.Classify != nil && !m.HasGuard() && (m.OnMethod["classify"] || !anyGuard) {
			return m
		}
	}
	return nil
}

func (s *checker) checkMethod(m *Method) {
	p := m.Policy
	if p.Hedge != nil && m.ErrorPlace == Scanned {
		s.refuse(m, codeResult, m.fixPos("hedge"), "%s cannot be hedged: its result makes the call when it is scanned, and two attempts cannot scan into the same variables; %s", m.Name, s.fix(m, "hedge"))
	}
	if !m.TellsFailure() {
		directives := m.guardNames()
		s.reportOn(m, codeNoError, m.directivePos(directives[0]), "%s does not return an error as its last result, so that %s cannot tell success from failure; return an error, or do not guard it",
			m.Name, directive.All(directives))
	}
	if p.Timeout != nil && !m.HasContext() {
		s.reportOn(m, codeContext, m.directivePos("timeout"), "%s has no context.Context parameter, so that a timeout cannot end it; add one, or %s", m.Name, s.fix(m, "timeout"))
	}
	if p.Hedge != nil && !m.HasContext() {
		s.reportOn(m, codeContext, m.directivePos("hedge"), "%s has no context.Context parameter, so that a hedge cannot cancel the attempts that lose; add one, or %s", m.Name, s.fix(m, "hedge"))
	}
	s.checkRepeats(m)
	if p.Hedge == nil && p.Timeout == nil {
		return
	}
	s.checkEndless(m)
	if why := m.Unheld; why != "" {
		if p.Timeout != nil {
			s.refuse(m, codeResult, m.fixPos("timeout"), "%s cannot have a timeout: its result, %s, is used after the call returns, when the context of the timeout is canceled; %s", m.Name, why, s.fix(m, "timeout"))
		}
		if p.Hedge != nil {
			s.refuse(m, codeResult, m.fixPos("hedge"), "%s cannot be hedged: its result, %s, is used after the call returns, when the context of the attempt is canceled; %s", m.Name, why, s.fix(m, "hedge"))
		}
	}
}

// refuse reports that a check refuses a method, unless an allow directive waives that
// check.
func (s *checker) refuse(m *Method, code string, pos token.Pos, format string, args ...any) {
	if !s.waives(m, code) {
		s.reportOn(m, code, pos, format, args...)
	}
}

// waives reports whether an allow directive waives a check of the method, and notes that
// it has an effect.
func (s *checker) waives(m *Method, code string) bool {
	for _, w := range slices.Backward(m.Waivers) {
		if w.Code == code {
			s.waived[w.Pos] = true
			return true
		}
	}
	return false
}

// checkWaivers reports allow directives that waive nothing.
func (s *checker) checkWaivers() {
	if s.w.Directives.Faulty() {
		return
	}
	reported := map[token.Pos]bool{}
	for _, m := range s.w.Methods {
		for _, waiver := range m.Waivers {
			if !s.waived[waiver.Pos] && !reported[waiver.Pos] {
				reported[waiver.Pos] = true
				s.Report(codeNoEffect, waiver.Pos, "allow %s has no effect, because that check refuses no method that it reaches: remove it", waiver.Code)
			}
		}
	}
}

// guardNames returns the names of the directives that guard the method.
func (m *Method) guardNames() []string {
	var names []string
	for _, g := range []struct {
		name string
		set  bool
	}{
		{"timeout", m.Policy.Timeout != nil},
		{"retry", m.Policy.Retry != nil},
		{"breaker", m.Policy.Breaker != nil},
		{"limit", m.Policy.Limit != nil},
		{"bulkhead", m.Policy.Bulkhead != nil},
		{"hedge", m.Policy.Hedge != nil},
		{"fallback", m.Policy.Fallback != nil},
	} {
		if g.set {
			names = append(names, g.name)
		}
	}
	return names
}

// directivePos returns where a directive that reaches the method stands; where the method
// stands if there is none.
func (m *Method) directivePos(directive string) token.Pos {
	if pos := m.Origins[directive].Pos; pos.IsValid() {
		return pos
	}
	return m.Pos
}

// wordPos returns where the word of a field stands, or else its directive.
func (m *Method) wordPos(field string) token.Pos {
	if pos := m.Origins[field].Pos; pos.IsValid() {
		return pos
	}
	directive, _, _ := strings.Cut(field, ".")
	return m.directivePos(directive)
}

// fixPos returns where to report that a directive does not suit the method: at the
// directive if it stands on the method, else at the method.
func (m *Method) fixPos(directive string) token.Pos {
	if m.OnMethod[directive] {
		return m.directivePos(directive)
	}
	return m.Pos
}

// fix says how to remove from the method a directive that does not suit it.
func (s *checker) fix(m *Method, directive string) string {
	switch {
	case m.OnMethod[directive]:
		return "remove the directive"
	case s.fromEmbedded(m, directive):
		return "move " + directive + " from the embedded interface to above this interface, with methods= for the methods that it suits"
	case !m.inInterface() && s.byMethods(m, directive):
		return "remove " + m.Name + " from the methods= of " + directive
	}
	return "write " + m.line(directive+" off")
}

// fromEmbedded reports whether the method has the directive from an embedded interface, so
// that no directive above the interface can change it.
func (s *Source) fromEmbedded(m *Method, directive string) bool {
	if m.inInterface() || m.Element == nil || m.Element.Doc == nil {
		return false
	}
	place, _ := m.ReportPos(s.Package.Fset, m.Origins[directive].Pos)
	return m.Element.Doc.Pos() <= place && place < m.Element.Doc.End()
}

// byMethods reports whether the directive reaches the method by methods=, so that no other
// directive of that name can.
func (s *checker) byMethods(m *Method, directive string) bool {
	place, _ := m.ReportPos(s.Package.Fset, m.Origins[directive].Pos)
	return slices.ContainsFunc(s.w.Directives.Directives, func(d annotations.Directive) bool {
		end, hasMethods := d.Args, false
		for _, word := range d.Words {
			end = d.Args + token.Pos(word.End)
			hasMethods = hasMethods || word.Key == "methods"
		}
		return d.Name == directive && hasMethods && d.Pos <= place && place <= end
	})
}

// inInterface reports whether the interface itself has the method, so that a directive can
// stand above it.
func (m *Method) inInterface() bool { return m.Element != nil && len(m.Element.Names) > 0 }

// line says which directive to write for this method alone, and where.
func (m *Method) line(text string) string {
	if m.inGroup {
		return "//resil:" + text + " methods=" + m.Name + " in the group"
	}
	if !m.inInterface() {
		return "//resil:" + text + " methods=" + m.Name + " above the interface"
	}
	return "//resil:" + text + " above it"
}
