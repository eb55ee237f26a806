package annotations

import (
	"cmp"
	"go/token"
	"reflect"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// A finding is something that the policy of a method cannot mean, because of how
// its directives combine.
type finding struct {
	pos           token.Pos
	code, message string
	method        Target
	refined       bool // more than the interface's words for all methods cause it
}

// reportFindings reports the findings, equal ones of several methods once. It names
// the methods if the words at the position do not show which they are.
func (r *resolver) reportFindings() {
	type key struct {
		pos           token.Pos
		code, message string
	}
	methods := map[key][]string{}
	named := map[key]bool{}
	for _, f := range r.findings {
		k := key{f.pos, f.code, f.message}
		methods[k] = append(methods[k], f.method.Name)
		onMethod := f.method.Element != nil && f.method.Element.Doc != nil &&
			f.method.Element.Doc.Pos() <= f.pos && f.pos < f.method.Element.Doc.End()
		named[k] = named[k] || f.refined && !onMethod
	}
	for k, names := range methods {
		if named[k] {
			r.add(k.pos, k.code, "for %s, %s", directive.Few(names), k.message)
		} else {
			r.add(k.pos, k.code, "%s", k.message)
		}
	}
}

// checkSkipped reports the directives on a method that an outer skip makes
// pointless.
func (r *resolver) checkSkipped(m Resolved, layers []layer) {
	if m.OnMethod["skip"] {
		return // Read has reported it
	}
	for _, l := range layers {
		if l.level == methodLevel && l.reach[m.Name] {
			name, pos := l.Name, l.Pos
			if l.profile != nil {
				name, pos = "use", l.profile.use
			}
			r.add(pos, codeSkip, "%s has no effect, because %s is skipped on line %d: write //resil:skip off beside it, or remove it",
				name, m.Name, r.fset.Position(m.Origins["skip"].Pos).Line)
		}
	}
}

// checkShared reports guards that several methods share with different settings.
func (r *resolver) checkShared(methods []Resolved) {
	type guard struct{ directive, state string }
	first := map[guard]Resolved{}
	reported := map[guard]bool{}
	for _, m := range methods {
		for directive, state := range m.States {
			g := guard{directive, state}
			f, ok := first[g]
			if !ok {
				first[g] = m
				continue
			}
			if reported[g] || reflect.DeepEqual(settings(f.Policy, directive), settings(m.Policy, directive)) {
				continue
			}
			reported[g] = true
			pos, suffix := m.ReportPos(r.fset, m.Origins[directive].Pos)
			r.add(pos, codeShared, "%s and %s share the %s %s, but outer directives give them different settings: write all settings here, or give one of them a %s of its own%s",
				f.Name, m.Name, directive, state, directive, suffix)
		}
	}
}

// settings returns the part of a policy that a guard is built from.
func settings(p Policy, guard string) any {
	switch guard {
	case "limit":
		return p.Limit
	case "bulkhead":
		return p.Bulkhead
	}
	return p.Breaker
}

// shareBudget gives every retry the retry budget that the directives give, since
// there is one for the whole client. It reports a second, different one.
func (r *resolver) shareBudget(methods []Resolved) {
	withBudget := slices.DeleteFunc(slices.Clone(methods), func(m Resolved) bool {
		_, ok := m.Origins["retry.budget"]
		return !ok || m.Policy.Retry == nil || m.Policy.Retry.Budget == 0
	})
	if len(withBudget) == 0 {
		return
	}
	reportPos := func(m Resolved) (token.Pos, string) { return m.ReportPos(r.fset, m.Origins["retry.budget"].Pos) }
	slices.SortStableFunc(withBudget, func(a, b Resolved) int {
		posA, _ := reportPos(a)
		posB, _ := reportPos(b)
		return cmp.Compare(posA, posB)
	})
	first := withBudget[0]
	for _, m := range withBudget[1:] {
		if m.Policy.Retry.Budget != first.Policy.Retry.Budget {
			pos, suffix := reportPos(m)
			r.add(pos, codeShared, "the retry budget belongs to the whole client, but %s has %s and %s has %s: write it once, above the interface%s",
				first.Name, first.Policy.Retry.Budget, m.Name, m.Policy.Retry.Budget, suffix)
		}
	}
	for _, m := range methods {
		if retry := m.Policy.Retry; retry != nil && retry.Budget != 0 {
			retry.Budget = first.Policy.Retry.Budget
		}
	}
}
