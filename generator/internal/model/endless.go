package model

import (
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
)

// endlessWords are first words of names of methods that run as long as their callers want.
var endlessWords = strings.Fields(`receive watch listen subscribe consume wait run serve poll tail`)

// isEndless reports whether a method runs as long as its caller wants, as its name says. A
// method that runs something and returns what came of it, be it a result that holds its
// error, does not.
func isEndless(m *Method) bool {
	words := gosrc.Words(m.Name)
	if len(words) == 0 {
		return false
	}
	first := strings.ToLower(words[0])
	return slices.Contains(endlessWords, first) && (first != "run" || m.Signature.Results().Len() < 2 && m.ErrorPlace == 0)
}

// checkEndless reports a timeout that a method inherits and that would cut it off.
func (s *checker) checkEndless(m *Method) {
	if m.Policy.Timeout == nil || m.OnMethod["timeout"] || s.spellsOut(m, "timeout") || m.Outlives() || m.Unheld != "" || !isEndless(m) {
		return
	}
	s.refuse(m, codeResult, m.Pos, "%s runs as long as its caller wants, as its name says, so that an inherited timeout cuts it off; %s, or say how long it may run: %s", m.Name, s.fix(m, "timeout"), m.line("timeout 1h"))
}

// spellsOut reports whether a directive names the method in its methods=, without a
// pattern. That is the author's word on this method.
func (s *checker) spellsOut(m *Method, name string) bool {
	return slices.ContainsFunc(s.w.Directives.Directives, func(d annotations.Directive) bool {
		return d.Name == name && slices.ContainsFunc(d.Words, func(w directive.Word) bool {
			return w.Key == "methods" && slices.Contains(strings.Split(w.Value, ","), m.Name)
		})
	})
}
