package model

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/sdk"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// note adds a note on a wrapper: something that is no mistake, and that the author may not
// have meant.
func (s *Source) note(w *Wrapper, pos token.Pos, format string, args ...any) {
	w.Notes = append(w.Notes, annotations.NewDiagnostic(s.Package.Fset.Position(pos), "", format, args...))
}

// Notes returns the notes on the wrappers of the source.
func (s *Source) Notes() (notes []annotations.Diagnostic) {
	for _, w := range s.Wrappers {
		notes = append(notes, w.Notes...)
	}
	return notes
}

// addNotes adds the notes on a wrapper.
func (m *Package) addNotes(src *Source, w *Wrapper) {
	src.noteUnguarded(w)
	src.noteHangs(w)
	m.noteUnnamed(src, w)
	src.noteLayers(w)
	src.noteTimeouts(w)
}

// noteUnguarded tells of methods that take a context and that the interface's directives
// do not reach.
func (s *Source) noteUnguarded(w *Wrapper) {
	if !slices.ContainsFunc(w.Methods, func(m *Method) bool { return m.HasGuard() && m.Guardable && !m.Policy.Skip }) {
		return
	}
	var names []string
	for _, m := range w.Methods {
		if m.HasContext() && !m.HasGuard() && !m.TellsFailure() && !m.Policy.Skip {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	results := "their results do not say"
	if len(names) == 1 {
		results = "its results do not say"
	}
	s.note(w, w.Spec.Pos(), "nothing guards %s of %s, because %s whether a call has failed; return an error as the last result, or write //resil:skip methods=%s if that is meant",
		directive.Few(names), w.Interface.Name(), results, strings.Join(names, ","))
}

// noteHangs tells of retries that a call which hangs never gets.
func (s *Source) noteHangs(w *Wrapper) {
	var seen []token.Pos
	for _, m := range w.Methods {
		p := m.Policy
		if p.Retry == nil || p.Timeout == nil || p.Timeout.Total == 0 || p.Timeout.Attempt > 0 || p.Hedge != nil {
			continue
		}
		pos := m.directivePos("timeout")
		if slices.Contains(seen, pos) {
			continue
		}
		seen = append(seen, pos)
		place, _ := m.ReportPos(s.Package.Fset, pos)
		s.note(w, place, "an attempt that hangs is not repeated, because it takes all of the %s; limit each attempt too: //resil:timeout %s attempt=%s",
			directive.Duration(p.Timeout.Total), directive.Duration(p.Timeout.Total), directive.Duration(attemptTimeout(p)))
	}
}

// fleetPackage takes a client of Redis. A package that imports both has it for its fleet.
const fleetPackage = "github.com/resilgen/resilgen/integrations/redis"

// serverPackage is imported for servers more often than for clients. It says something of
// an interface only in the interface's own file.
const serverPackage = "net/http"

// noteUnnamed tells of a client library that the package imports, and that classifies no
// errors of the interface, and of one that shows no more than that others stand behind it.
func (m *Package) noteUnnamed(src *Source, w *Wrapper) {
	unnamed := func(method *Method) bool {
		c := method.Policy.Classify
		return method.HasGuard() && (c == nil || !method.Origins["classify.by"].Pos.IsValid()) &&
			!slices.ContainsFunc(method.ClassifiedBy, func(name string) bool {
				l := sdk.Named(name)
				return l != nil && l.Drivers() == nil
			})
	}
	if !slices.ContainsFunc(w.Methods, unnamed) {
		return
	}
	var paths []string
	for _, spec := range src.Syntax.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, "`\""))
	}
	for _, imported := range m.pkg.Types.Imports() {
		if path := imported.Path(); path != serverPackage {
			paths = append(paths, path)
		}
	}
	var said []string
	for _, l := range sdk.All() {
		k := slices.IndexFunc(paths, l.IsShownBy)
		if k < 0 || l.Drivers() != nil || slices.Contains(w.Libraries, l) {
			continue
		}
		if l.Name == "redis" && slices.Contains(paths, fleetPackage) {
			continue
		}
		said = append(said, l.Name)
		src.note(w, w.Spec.Pos(), "this package imports %s, but no signature of %s shows it, so that nobody reads its errors; write //resil:classify %s if %s returns them, or //resil:classify network if not",
			paths[k], w.Interface.Name(), l.Name, w.Interface.Name())
	}
	for _, l := range w.Libraries {
		if drivers := l.Drivers(); drivers != nil && !slices.ContainsFunc(said, func(name string) bool { return slices.Contains(drivers, name) }) {
			src.note(w, w.Spec.Pos(), "the signatures of %s do not show what stands behind %s, so that nobody reads its errors; name it, as in //resil:classify %s (known are %s), or write //resil:classify %s if it is another",
				w.Interface.Name(), l.Title, drivers[0], directive.All(drivers), l.Name)
		}
	}
}

// noteLayers tells of libraries that repeat the calls which a retry repeats.
func (s *Source) noteLayers(w *Wrapper) {
	for _, l := range w.usedLibraries() {
		for _, m := range w.Methods {
			r := m.Policy.Retry
			if r == nil {
				continue
			}
			says := multiplies(l, r.Attempts)
			if says == "" {
				break
			}
			if slices.Contains(r.On, resil.NothingSent) {
				says += "; until then on=unsent is no proof, because an error tells of the last of its calls only"
			}
			place, _ := m.ReportPos(s.Package.Fset, m.directivePos("retry"))
			s.note(w, place, "%s", says)
			break
		}
	}
}

// noteTimeouts tells of libraries that do not obey a timeout by themselves.
func (s *Source) noteTimeouts(w *Wrapper) {
	for _, l := range w.usedLibraries() {
		if l.Timeout == "" {
			continue
		}
		for _, m := range w.Methods {
			if m.Policy.Timeout != nil && m.HasGuard() {
				place, _ := m.ReportPos(s.Package.Fset, m.directivePos("timeout"))
				s.note(w, place, "%s", strings.TrimSuffix(l.Timeout, "."))
				break
			}
		}
	}
}

// multiplies says what attempts become around calls that a library repeats by itself, and
// what to do about that; nothing if it repeats none.
func multiplies(l *sdk.Library, attempts int) (says string) {
	switch r := l.Retries; {
	case r.Attempts < 0:
		says = fmt.Sprintf("%s repeats a call by itself until its context ends, so that only attempt= of a timeout bounds each of the %d attempts here", l.Title, attempts)
	case r.Attempts > 1:
		says = fmt.Sprintf("%s repeats a call by itself, %d calls in all unless it is told otherwise, so that %d attempts here can be %d there",
			l.Title, r.Attempts, attempts, attempts*r.Attempts)
	default:
		return ""
	}
	if l.Retries.Switch == "" {
		return says + "; nothing stops it, so write //resil:retry off where one layer is enough"
	}
	return says + "; stop it with " + l.Retries.Switch + ", or write //resil:retry off"
}

// usedLibraries returns the libraries that classify errors of the wrapper's methods, or
// that its signatures show.
func (w *Wrapper) usedLibraries() []*sdk.Library {
	used := slices.Clone(w.Libraries)
	for _, m := range w.Methods {
		for _, name := range m.ClassifiedBy {
			if l := sdk.Named(name); l != nil && m.ByLibrary && !slices.Contains(used, l) {
				used = append(used, l)
			}
		}
	}
	return used
}

// Requests returns how many requests one call of the callee can be, because its client
// library repeats them; -1 if there is no bound.
func (w *Wrapper) Requests() (library string, requests int) {
	requests = 1
	for _, l := range w.usedLibraries() {
		switch n := l.Retries.Attempts; {
		case n < 0:
			return l.Name, n
		case n > requests:
			library, requests = l.Name, n
		}
	}
	return library, requests
}

// LibraryNotes returns what users of the wrapper's client libraries should know.
func (w *Wrapper) LibraryNotes() (notes []string) {
	for _, l := range w.usedLibraries() {
		for _, note := range l.Notes {
			notes = append(notes, l.Title+": "+note)
		}
	}
	return notes
}

// attemptTimeout is a limit for each attempt that leaves time for all of them.
func attemptTimeout(p annotations.Policy) time.Duration {
	each := p.Timeout.Total / time.Duration(p.Retry.Attempts+1)
	for _, unit := range []time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond} {
		if each >= 2*unit {
			return each.Truncate(unit)
		}
	}
	return max(each, 1)
}
