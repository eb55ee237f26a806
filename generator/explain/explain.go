// Package explain says what directives mean for each method: its policy, whose state it
// uses, and how long a call can take. It also compares directives with those of an earlier
// revision.
package explain

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// An Explanation says what directives mean.
type Explanation struct {
	Interfaces  []Interface              // sorted by package and source
	Diagnostics []annotations.Diagnostic // sorted by position; interfaces of their sources are left out
	LeftOut     []generator.LeftOut      // sources with directives that this build leaves out
}

// An Interface is an interface with directives.
type Interface struct {
	Package string   `json:"package"`
	Name    string   `json:"name"`
	Wrapper string   `json:"wrapper"`
	File    string   `json:"file"` // an absolute path
	Line    int      `json:"line"`
	Methods []Method `json:"methods"`         // in the order of the source
	Notes   []string `json:"notes,omitempty"` // what the author may not have meant, and what users of its client library should know

	Observed *Observation `json:"observed,omitempty"` // what running clients have seen: see [Observe]
}

// A Method is a method of an interface, with what calls through the wrapper meet.
type Method struct {
	Name       string      `json:"name"`
	Directives []Directive `json:"directives"`
	Classifier string      `json:"classifier,omitempty"` // what classifies errors, in order
	State      []string    `json:"state"`                // what its calls share, as in "breaker Store"
	Worst      Worst       `json:"worst"`
	Expected   Expected    `json:"expected"`
	Library    string      `json:"library,omitempty"`  // the client library that repeats calls by itself, if one does
	Requests   int         `json:"requests,omitempty"` // that it can make of the calls in Worst; -1 if there is no bound

	policy annotations.Policy
}

// Packages explains the directives in the packages of cfg. It writes nothing. It fails if
// it cannot load packages, as when a pattern matches nothing, and if ctx ends.
func Packages(ctx context.Context, cfg generator.Config) (*Explanation, error) {
	return explain(ctx, cfg, func(src *model.Source) bool { return len(src.Diagnostics) == 0 })
}

// explain explains the sources that sound accepts.
func explain(ctx context.Context, cfg generator.Config, sound func(*model.Source) bool) (*Explanation, error) {
	loader, err := load.New(ctx, cfg.Dir, cfg.Patterns, cfg.Progress)
	if err != nil {
		return nil, err
	}
	packages, err := loader.Load(ctx)
	if err != nil {
		return nil, err
	}
	var e Explanation
	for _, left := range loader.LeftOut(packages) {
		e.LeftOut = append(e.LeftOut, generator.LeftOut{Path: left.Path, Why: model.Needs(left)})
	}
	for m := range model.BuildAll(ctx, packages) {
		for _, src := range m.Sources {
			e.Diagnostics = append(e.Diagnostics, src.Diagnostics...)
			if !sound(src) {
				continue
			}
			for _, w := range src.Wrappers {
				e.Interfaces = append(e.Interfaces, explainWrapper(src, w))
			}
		}
	}
	if ctx.Err() != nil { // then packages may be missing
		return nil, context.Cause(ctx)
	}
	e.Diagnostics = annotations.Sort(e.Diagnostics)
	slices.SortStableFunc(e.Interfaces, func(a, b Interface) int { return strings.Compare(a.Package, b.Package) })
	return &e, nil
}

// explainWrapper explains one interface.
func explainWrapper(src *model.Source, w *model.Wrapper) Interface {
	i := Interface{
		Package: src.Package.PkgPath,
		Name:    w.Interface.Name(),
		Wrapper: w.Name,
		File:    src.Path,
		Line:    src.Package.Fset.PositionFor(w.Spec.Pos(), false).Line,
	}
	for _, m := range w.Methods {
		e := explainMethod(m, i.Name)
		if m.ByLibrary {
			library, each := w.Requests()
			switch {
			case each < 0:
				e.Library, e.Requests = library, each
			case each > 1:
				e.Library, e.Requests = library, e.Worst.Calls*each
			}
		}
		i.Methods = append(i.Methods, e)
	}
	for _, n := range w.Notes {
		i.Notes = append(i.Notes, n.Message)
	}
	i.Notes = append(i.Notes, w.LibraryNotes()...)
	return i
}

// explainMethod explains one method of a client.
func explainMethod(m *model.Method, client string) Method {
	e := Method{Name: m.Name, Directives: directives(m.Policy), State: []string{}, Worst: worst(m.Policy), Expected: expected(m.Policy), policy: m.Policy}
	if !m.HasGuard() {
		e.Directives = slices.DeleteFunc(e.Directives, func(d Directive) bool { return d.Name != "skip" })
		return e
	}
	e.Classifier = classifierText(m)
	for k, d := range e.Directives {
		if owner := m.States[d.Name]; owner != "" {
			e.Directives[k].State = owner
			state := d.Name + " " + owner
			if per, keyed := d.setting("per"); keyed {
				state += " per " + per
			}
			e.State = append(e.State, state)
		}
		if spends(m, d.Name) {
			e.State = append(e.State, "budget "+client)
		}
	}
	e.Directives = slices.DeleteFunc(e.Directives, func(d Directive) bool { return d.Name == "classify" })
	return e
}

// classifierText lists what classifies errors, in order.
func classifierText(m *model.Method) string {
	var lists, order []string
	if c := m.Policy.Classify; c != nil {
		for list := range c.Lists {
			lists = append(lists, list.Key+"="+strings.Join(list.Names, ","))
		}
	}
	if len(lists) > 0 {
		order = append(order, strings.Join(lists, " "))
	}
	return strings.Join(append(order, m.ClassifiedBy...), ", then ")
}

// spends reports whether the directive is the one to name for the client's retry budget. Of
// retry and hedge, only the first is named.
func spends(m *model.Method, directive string) bool {
	p := enforced(m.Policy)
	switch {
	case p.Retry != nil:
		return directive == "retry" && p.Retry.Budget > 0
	case p.Hedge != nil:
		return directive == "hedge" && m.HedgeBudget > 0
	}
	return false
}

// setting returns the value of one of the directive's keys; false if it has no such key.
func (d Directive) setting(key string) (value string, ok bool) {
	for _, s := range d.Settings {
		if s.Key == key {
			return s.Value, true
		}
	}
	return "", false
}

// MarshalJSON returns times in seconds, null if they are unbounded.
func (w Worst) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Calls   int      `json:"calls"`
		Seconds *float64 `json:"seconds"`
		Hinted  *float64 `json:"secondsWithRetryAfter"`
	}{w.Calls, seconds(w.Time), seconds(w.Hinted)})
}

// MarshalJSON returns times in seconds.
func (e Expected) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Calls  float64  `json:"calls"`
		Pauses *float64 `json:"pauseSeconds"`
	}{e.Calls, seconds(e.Pauses)})
}

// seconds returns a duration in seconds, nil if it is unbounded.
func seconds(d time.Duration) *float64 {
	if d == Unbounded {
		return nil
	}
	s := d.Seconds()
	return &s
}
