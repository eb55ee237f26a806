package model

import (
	"fmt"
	"go/token"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A repetition is a method that a retry or hedge must not call twice.
type repetition struct {
	cause
	m      *Method
	detail string // what of the method the cause is about; may be empty
}

// A cause is why a directive does not suit methods, and what can be done about it.
// Methods with one cause are reported together.
type cause struct {
	code      string
	directive string // retry or hedge
	place     token.Pos
	profile   string // the end of a message about a directive in a profile
	why       why
	remedy    remedy
}

type why int

const (
	byName      why = iota // nothing in the name says that the method can be repeated
	byLibrary              // the library is known to do it twice
	whileFirst             // a hedge repeats a call that may still succeed
	usesUp                 // a first attempt uses up a parameter
	sharesParam            // two attempts cannot share a parameter
)

// A remedy is how to keep a directive from methods.
type remedy int

const (
	turnOff      remedy = iota // by off
	turnOffThere               // by off above the method, which uses a profile
	removeIt                   // it stands on the method
	moveIt                     // it comes from an embedded interface
	chooseLess                 // it reaches the methods by methods=
)

// checkRepeats notes why a retry or hedge must not repeat a method.
func (s *checker) checkRepeats(m *Method) {
	p := m.Policy
	name, what := "", ""
	if p.Retry != nil || p.Hedge != nil {
		name, what = s.lifetimes.usedUp(m.Signature)
	}
	usedUp := what != "" && !s.waives(m, codeParameter)
	switch {
	case p.Retry != nil && usedUp:
		s.noteRepetition(m, codeParameter, "retry", usesUp, name+", "+what)
	case p.Retry != nil && !m.OnMethod["retry"] && !m.Named["retry"] && !m.inheritsRetry():
		why := byName
		if m.Repeats == RepeatsTwice {
			why = byLibrary
		}
		s.noteRepetition(m, codeRepeat, "retry", why, "")
	}
	switch {
	case p.Hedge != nil && usedUp:
		s.noteRepetition(m, codeParameter, "hedge", sharesParam, name+", "+what)
	case p.Hedge != nil && p.Idempotent == nil:
		s.noteRepetition(m, codeRepeat, "hedge", whileFirst, "")
	}
}

// noteRepetition notes a repetition, unless an allow directive waives the check.
func (s *checker) noteRepetition(m *Method, code, directive string, why why, detail string) {
	if s.waives(m, code) {
		return
	}
	c := cause{code: code, directive: directive, why: why}
	c.place, c.profile = m.ReportPos(s.Package.Fset, m.directivePos(directive))
	switch {
	case m.OnMethod[directive]:
		c.remedy = removeIt
	case m.inInterface() && m.Element.Doc != nil && m.Element.Doc.Pos() <= c.place && c.place < m.Element.Doc.End():
		c.remedy = turnOffThere
	case s.fromEmbedded(m, directive):
		c.remedy = moveIt
	case s.byMethods(m, directive):
		c.remedy = chooseLess
	}
	s.repetitions = append(s.repetitions, repetition{c, m, detail})
}

// reportRepetitions reports what was noted, methods with one cause together.
func (s *checker) reportRepetitions() {
	var causes []cause
	byCause := map[cause][]repetition{}
	for _, r := range s.repetitions {
		if byCause[r.cause] == nil {
			causes = append(causes, r.cause)
		}
		byCause[r.cause] = append(byCause[r.cause], r)
	}
	for _, c := range causes {
		s.Report(c.code, c.place, "%s%s; %s", c.says(byCause[c]), c.profile, c.fix(byCause[c]))
	}
}

// says says what is wrong with the repetitions, which all have the cause.
func (c cause) says(of []repetition) string {
	var names, details []string
	for _, r := range of {
		names = append(names, r.m.Name)
		details = append(details, r.m.Name+" ("+r.detail+")")
	}
	methods := directive.Few(names)
	switch c.why {
	case whileFirst:
		return fmt.Sprintf("a hedge calls %s again while the first call may still succeed", methods)
	case byLibrary:
		return fmt.Sprintf("a retry may do twice what %s, by what is known of the library", does(methods, len(of)))
	case byName:
		if len(of) == 1 {
			return fmt.Sprintf("a retry may do twice what %s does, as far as its name tells", methods)
		}
		return fmt.Sprintf("a retry may do twice what %s do, as far as their names tell", methods)
	case sharesParam:
		if len(of) == 1 {
			return fmt.Sprintf("%s cannot be hedged: two attempts cannot share its parameter %s", methods, of[0].detail)
		}
		return fmt.Sprintf("%s cannot be hedged: two attempts cannot share a parameter", directive.Few(details))
	}
	if len(of) == 1 {
		return fmt.Sprintf("%s cannot be retried: the first attempt uses up its parameter %s", methods, of[0].detail)
	}
	return fmt.Sprintf("%s cannot be retried: the first attempt uses up a parameter", directive.Few(details))
}

func does(methods string, n int) string {
	if n == 1 {
		return methods + " does"
	}
	return methods + " do"
}

// fix says what to write. It names every method, so that the line can be copied.
func (c cause) fix(of []repetition) string {
	var names []string
	for _, r := range of {
		names = append(names, r.m.Name)
	}
	list := strings.Join(names, ",")
	var away string
	switch c.remedy {
	case removeIt:
		away = "remove the directive"
	case moveIt:
		away = "move " + c.directive + " from the embedded interface to above this interface, with methods= for the methods that it suits"
	case chooseLess:
		away = "take " + directive.All(names) + " out of the methods= of " + c.directive
	case turnOffThere:
		away = "//resil:" + c.directive + " off above it"
	default:
		away = "//resil:" + c.directive + " off methods=" + list
	}
	if c.code != codeRepeat {
		if c.remedy == turnOff || c.remedy == turnOffThere {
			away = "write " + away
		}
		return away
	}
	if c.directive == "retry" && (c.remedy == turnOff || c.remedy == turnOffThere) {
		away += " (on=unsent in place of off repeats only what has not reached the callee)"
	}
	switch {
	case c.remedy == removeIt, c.remedy == turnOffThere:
		return "write //resil:idempotent above it if it is safe to repeat, otherwise " + away
	case len(of) == 1:
		return "write //resil:idempotent methods=" + list + " if it is safe to repeat, otherwise " + away
	}
	return "write //resil:idempotent methods= with those that are safe to repeat, and for the others " + away
}
