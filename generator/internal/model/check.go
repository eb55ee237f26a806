package model

import (
	"go/token"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// adds are the first words of method names that say a call adds something, so
// that repeating it may add it twice.
var adds = strings.Fields(`create add insert append post send publish push enqueue charge pay transfer refund
	increment incr submit place issue notify emit`)

// addsSomething reports whether a method's name begins with one of adds. A name
// can be without words: __.
func addsSomething(name string) bool {
	words := gosrc.Words(name)
	return len(words) > 0 && slices.Contains(adds, strings.ToLower(words[0]))
}

// A checker refuses what the methods of a wrapper forbid. It changes nothing of the
// wrapper.
type checker struct {
	*Source
	w      *Wrapper
	waived map[token.Pos]bool // waivers that had an effect
}

// check refuses policies that a method's signature or name forbids.
func (s *checker) check() {
	w := s.w
	for t := range w.TypeParams().TypeParams() {
		if bad := gosrc.Unwritable(t.Constraint(), s.Package.Types); bad != nil {
			s.Report(codeInterface, w.Spec.Pos(), "%s cannot be wrapped: %s cannot be named in this package", w.Interface.Name(), bad)
		}
	}
	needed := []string{"error", "nil", "string"}
	if slices.ContainsFunc(w.Classifiers, (*Classifier).matchesTypes) {
		needed = append(needed, "new")
	}
	for _, name := range needed {
		if s.Package.Types.Scope().Lookup(name) != nil {
			s.Report(codeInterface, w.Spec.Pos(), "%s cannot be wrapped: the package gives %s another meaning, and generated code needs Go's; give that another name", w.Interface.Name(), name)
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
	s.checkWaivers()
	if m := w.unusedClassify(); m != nil {
		s.reportOn(m, codeNoEffect, m.directivePos("classify"), "classify has no effect, for no retry, breaker or fallback asks it about %s; add one, or remove it", m.Name)
	}
	if w.Embeds && slices.ContainsFunc(w.Methods, func(m *Method) bool { return m.Name == w.Interface.Name() }) {
		s.Report(codeInterface, w.Spec.Pos(), "%s cannot be wrapped: it must be embedded, and has a method of its own name", w.Interface.Name())
	}
}

// idle finds a method whose classify directive nothing asks: one of its own, or
// the interface's where no method has a guard.
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
	if !m.ReturnsError {
		directives := m.guardNames()
		s.reportOn(m, codeNoError, m.directivePos(directives[0]), "%s does not return an error as its last result, so %s cannot tell success from failure; let it return one, or do not guard it",
			m.Name, strings.Join(directives, " and "))
	}
	if p.Timeout != nil && m.Context < 0 {
		s.reportOn(m, codeContext, m.directivePos("timeout"), "%s takes no context.Context, so a timeout cannot reach it; give it one, or %s", m.Name, s.fix(m, "timeout"))
	}
	if p.Hedge != nil && m.Context < 0 {
		s.reportOn(m, codeContext, m.directivePos("hedge"), "%s takes no context.Context, so the attempts that a hedge has beaten cannot be cancelled; give it one, or %s", m.Name, s.fix(m, "hedge"))
	}
	if p.Hedge != nil && !p.Idempotent {
		s.refuse(m, codeRepeat, m.fixPos("hedge"), "%s would be hedged, that is, called again while the first call may yet succeed; if it is safe to repeat, say so with %s, else %s",
			m.Name, m.line("idempotent"), s.fix(m, "hedge"))
	}
	if p.Retry != nil {
		if !m.OnMethod["retry"] && !p.Idempotent && addsSomething(m.Name) {
			s.refuse(m, codeRepeat, m.Pos, "%s would be retried, and its name says that it adds something, which a second attempt may add again; if it is safe to repeat, say so with %s, else %s",
				m.Name, m.line("idempotent"), s.fix(m, "retry"))
		}
	}
	if p.Retry == nil && p.Hedge == nil && p.Timeout == nil {
		return
	}
	if name, why := s.lifetimes.usedUp(m.Signature.Params()); why != "" {
		if p.Retry != nil {
			s.refuse(m, codeParameter, m.fixPos("retry"), "%s cannot be retried: the first attempt uses up its parameter %s, %s; %s", m.Name, name, why, s.fix(m, "retry"))
		}
		if p.Hedge != nil {
			s.refuse(m, codeParameter, m.fixPos("hedge"), "%s cannot be hedged: two attempts cannot share its parameter %s, %s; %s", m.Name, name, why, s.fix(m, "hedge"))
		}
	}
	if why := s.lifetimes.outlives(m.Signature.Results()); why != "" {
		if p.Timeout != nil {
			s.refuse(m, codeResult, m.fixPos("timeout"), "%s cannot have a timeout: its result, %s, is used after the call has returned, when the timeout's context has been cancelled; %s", m.Name, why, s.fix(m, "timeout"))
		}
		if p.Hedge != nil {
			s.refuse(m, codeResult, m.fixPos("hedge"), "%s cannot be hedged: its result, %s, is used after the call has returned, when the attempt's context has been cancelled; %s", m.Name, why, s.fix(m, "hedge"))
		}
	}
}

// refuse reports what a check of a method finds, unless it is waived there.
func (s *checker) refuse(m *Method, code string, pos token.Pos, format string, args ...any) {
	for _, w := range slices.Backward(m.Waivers) {
		if w.Code == code {
			s.waived[w.Pos] = true
			return
		}
	}
	s.reportOn(m, code, pos, format, args...)
}

// checkWaivers reports the waivers of an interface that waive nothing.
func (s *checker) checkWaivers() {
	if s.w.Directives.Faulty() {
		return
	}
	told := map[token.Pos]bool{}
	for _, m := range s.w.Methods {
		for _, waiver := range m.Waivers {
			if !s.waived[waiver.Pos] && !told[waiver.Pos] {
				told[waiver.Pos] = true
				s.Report(codeNoEffect, waiver.Pos, "allow %s has no effect, for that check refuses nothing that it reaches: remove it", waiver.Code)
			}
		}
	}
}

// guards names the directives that guard the method.
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

// origin is where the directive that reaches the method stands.
func (m *Method) directivePos(directive string) token.Pos {
	if pos := m.Origins[directive].Pos; pos.IsValid() {
		return pos
	}
	return m.Pos
}

// word is where a field's word stands, or its directive.
func (m *Method) wordPos(field string) token.Pos {
	if pos := m.Origins[field].Pos; pos.IsValid() {
		return pos
	}
	directive, _, _ := strings.Cut(field, ".")
	return m.directivePos(directive)
}

// blame is the place to mend: the directive if it stands on the method, else the
// method that it reaches.
func (m *Method) fixPos(directive string) token.Pos {
	if m.OnMethod[directive] {
		return m.directivePos(directive)
	}
	return m.Pos
}

// wayOut says how to be rid of a directive that does not suit the method.
func (s *checker) fix(m *Method, directive string) string {
	switch {
	case m.OnMethod[directive]:
		return "remove the directive"
	case s.fromEmbedded(m, directive):
		return "move " + directive + " from what is embedded to above the interface, with methods= for those that it suits"
	case !m.inInterface() && s.byMethods(m, directive):
		return "leave " + m.Name + " out of the methods= of " + directive
	}
	return "write " + m.line(directive+" off")
}

// fromEmbedded reports whether it is an embedded interface that says what the
// directive is for the method, so that nothing above the interface can refine it.
func (s *Source) fromEmbedded(m *Method, directive string) bool {
	if m.inInterface() || m.Element == nil || m.Element.Doc == nil {
		return false
	}
	place, _ := m.ReportPos(s.Package.Fset, m.Origins[directive].Pos)
	return m.Element.Doc.Pos() <= place && place < m.Element.Doc.End()
}

// chosen reports whether the directive reaches the method by methods=, beside which
// no other can.
func (s *checker) byMethods(m *Method, directive string) bool {
	place, _ := m.ReportPos(s.Package.Fset, m.Origins[directive].Pos)
	return slices.ContainsFunc(s.w.Directives.Directives, func(d annotations.Directive) bool {
		end, chosen := d.Args, false
		for _, word := range d.Words {
			end = d.Args + token.Pos(word.End)
			chosen = chosen || word.Key == "methods"
		}
		return chosen && d.Pos <= place && place <= end
	})
}

// declared reports whether the method stands in the interface, where a directive
// can stand above it.
func (m *Method) inInterface() bool { return m.Element != nil && len(m.Element.Names) > 0 }

// directive is a directive for this method alone and where to write it.
func (m *Method) line(text string) string {
	if m.inGroup {
		return "//resil:" + text + " methods=" + m.Name + " in the group"
	}
	if !m.inInterface() {
		return "//resil:" + text + " methods=" + m.Name + " above the interface"
	}
	return "//resil:" + text + " above it"
}
