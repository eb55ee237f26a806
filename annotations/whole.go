package annotations

import (
	"cmp"
	"go/token"
	"reflect"
	"slices"
)

// A finding is something that a method's policy as a whole cannot mean.
type finding struct {
	pos           token.Pos
	code, message string
	method        Method
	refined       bool // by more than what the interface says for every method
}

// flush reports the findings, one for all the methods that share it. They are
// named where the words at its position are not the whole story.
func (r *resolver) flush() {
	type key struct {
		pos           token.Pos
		code, message string
	}
	methods := map[key][]string{}
	named := map[key]bool{}
	for _, f := range r.findings {
		k := key{f.pos, f.code, f.message}
		methods[k] = append(methods[k], f.method.Name)
		own := f.method.Element != nil && f.method.Element.Doc != nil &&
			f.method.Element.Doc.Pos() <= f.pos && f.pos < f.method.Element.Doc.End()
		named[k] = named[k] || f.refined && !own
	}
	for k, names := range methods {
		if named[k] {
			r.add(k.pos, k.code, "for %s, %s", list(names), k.message)
		} else {
			r.add(k.pos, k.code, "%s", k.message)
		}
	}
}

// skipped reports the directives on a method that a skip further out undoes.
func (r *resolver) skipped(g Guarded, layers []layer) {
	if g.OnMethod["skip"] {
		return // which Read sees
	}
	for _, l := range layers {
		if l.level == onMethod && l.reach[g.Name] {
			name, pos := l.Name, l.Pos
			if l.use != nil {
				name, pos = "use", l.use.pos
			}
			r.add(pos, codeSkip, "%s has no effect, for %s is skipped on line %d: write //resil:skip off beside it, or leave it out",
				name, g.Name, r.fset.Position(g.Origins["skip"]).Line)
		}
	}
}

// shared reports state whose methods do not agree on what it is.
func (r *resolver) shared(guarded []Guarded) {
	type state struct{ directive, owner string }
	first := map[state]Guarded{}
	told := map[state]bool{}
	for _, g := range guarded {
		for directive, owner := range g.Owners {
			s := state{directive, owner}
			f, ok := first[s]
			if !ok {
				first[s] = g
				continue
			}
			if told[s] || reflect.DeepEqual(guard(f.Policy, directive), guard(g.Policy, directive)) {
				continue
			}
			told[s] = true
			pos, from := g.Place(r.fset, g.Origins[directive])
			r.add(pos, codeShared, "%s and %s share the %s %s and get different settings for it from further out: write all of its settings here, or a %s of its own above one of them%s",
				f.Name, g.Name, directive, owner, directive, from)
		}
	}
}

// guard is the part of a policy that state is built from.
func guard(p Policy, directive string) any {
	switch directive {
	case "limit":
		return p.Limit
	case "bulkhead":
		return p.Bulkhead
	}
	return p.Breaker
}

// budget gives the client the one retry budget that was written, and reports a
// second.
func (r *resolver) budget(guarded []Guarded) {
	written := slices.DeleteFunc(slices.Clone(guarded), func(g Guarded) bool {
		_, ok := g.Origins["retry.budget"]
		return !ok || g.Policy.Retry == nil || g.Policy.Retry.Budget == 0
	})
	if len(written) == 0 {
		return
	}
	at := func(g Guarded) token.Pos {
		pos, _ := g.Place(r.fset, g.Origins["retry.budget"])
		return pos
	}
	slices.SortStableFunc(written, func(a, b Guarded) int { return cmp.Compare(at(a), at(b)) })
	first := written[0]
	for _, g := range written[1:] {
		if g.Policy.Retry.Budget != first.Policy.Retry.Budget {
			pos, from := g.Place(r.fset, g.Origins["retry.budget"])
			r.add(pos, codeShared, "the retry budget is the client's: %s has %s and %s has %s; write it once, above the interface%s",
				first.Name, first.Policy.Retry.Budget, g.Name, g.Policy.Retry.Budget, from)
		}
	}
	for _, g := range guarded {
		if retry := g.Policy.Retry; retry != nil && retry.Budget != 0 {
			retry.Budget = first.Policy.Retry.Budget
		}
	}
}
