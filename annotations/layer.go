package annotations

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// A layer is a directive together with the methods that it reaches. The policy of a
// method is made of the layers that reach it, in order.
type layer struct {
	Directive
	reach   map[string]bool // names of methods
	named   map[string]bool // those that methods= gives in full
	state   string          // name of the state that it declares
	level   level
	profile *appliedProfile // the profile that the directive comes from, or nil
}

// A level is where a directive stands, from the outermost to the innermost.
type level int

const (
	interfaceLevel level = iota
	chosenLevel          // on the interface, with methods=
	embeddedLevel
	methodLevel
)

// An appliedProfile is a profile in one place where a use directive applies it.
type appliedProfile struct {
	*profile
	use token.Pos // of the use directive
}

// interfaceLayers returns the layers of the interface's own directives, those
// without methods= first.
func (r *resolver) interfaceLayers(i *Interface, methods []Target) []layer {
	var forAll, forSome []layer
	for _, d := range i.Directives {
		if d.Name == "interface" {
			continue // Read has reported it
		}
		if w, ok := d.key("methods"); ok {
			forSome = append(forSome, r.chosenLayer(d, w, forSome, methods))
			continue
		}
		reach := map[string]bool{}
		for _, m := range methods {
			if m.Guardable {
				reach[m.Name] = true
			}
		}
		if len(reach) == 0 && d.Name != "wrap" && !d.faulty {
			r.add(d.Pos, codeNoReach, "%s reaches no method: no method of %s takes a context and returns an error; name the methods with methods=", d.Name, r.name)
		}
		forAll = append(forAll, layer{Directive: d, reach: reach, state: r.name, level: interfaceLevel})
	}
	return append(r.applyProfiles(forAll), r.applyProfiles(forSome)...)
}

// chosenLayer returns the layer of a directive with methods=, whose word is w. It
// reports the methods that earlier ones with the same subject reach too.
func (r *resolver) chosenLayer(d Directive, w directive.Word, earlier []layer, methods []Target) layer {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.Name
	}
	l := layer{Directive: d, reach: map[string]bool{}, named: map[string]bool{}, state: r.name + "[" + w.Value + "]", level: chosenLevel}
	for _, g := range globs(w) {
		matches, message := g.match(names)
		if message != "" {
			r.add(d.Args+token.Pos(g.offset), codeGlob, "%s", message)
		}
		for _, name := range matches {
			l.reach[name] = true
			l.named[name] = l.named[name] || name == g.pattern
		}
	}
	for _, e := range earlier {
		var twice []string
		for _, name := range names {
			if e.subject() == d.subject() && e.reach[name] && l.reach[name] {
				twice = append(twice, name)
				delete(l.reach, name)
			}
		}
		if twice != nil {
			r.add(d.wordPos(w), codeOverlap, "methods=%s matches %s, which methods= of the %s on line %d matches too: match each method only once",
				w.Value, directive.Few(twice), d.Name, r.fset.Position(e.Pos).Line)
		}
	}
	return l
}

// elementLayers returns the layers of the directives on embedded interfaces and on
// methods. A directive on an embedded interface reaches those of its methods that
// take a context and return an error or, if there are none, all of them.
func (r *resolver) elementLayers(i *Interface, methods []Target) (layers []layer) {
	for _, element := range slices.SortedFunc(maps.Keys(i.Elements), func(a, b *ast.Field) int { return int(a.Pos() - b.Pos()) }) {
		all, guardable := map[string]bool{}, map[string]bool{}
		for _, m := range methods {
			if m.Element == element {
				all[m.Name] = true
				if m.Guardable {
					guardable[m.Name] = true
				}
			}
		}
		l := layer{reach: all, level: methodLevel}
		if len(element.Names) > 0 {
			l.state = r.name + "." + element.Names[0].Name
		} else {
			embedded := types.ExprString(element.Type)
			l.state, l.level = r.name+"["+embedded+"]", embeddedLevel
			if len(guardable) > 0 {
				l.reach = guardable
			}
			if len(all) == 0 {
				r.add(i.Elements[element][0].Pos, codeNoReach, "no method of %s comes from %s: put the directive above an embedded interface that has methods", r.name, embedded)
			}
		}
		var here []layer
		for _, d := range i.Elements[element] {
			l.Directive = d
			here = append(here, l)
		}
		layers = append(layers, r.applyProfiles(here)...)
	}
	return layers
}

// applyProfiles replaces each use directive by the directives of its profile. They
// go before the other layers, which refine them.
func (r *resolver) applyProfiles(layers []layer) (applied []layer) {
	for _, l := range layers {
		if l.Name != "use" {
			continue
		}
		p := r.usedProfile(l.Directive)
		if p == nil {
			continue
		}
		for _, d := range p.directives {
			if w, ok := d.clientBudget(); ok && l.level > chosenLevel {
				r.add(l.Pos, codeLevel, "the retry budget belongs to the whole client: use the profile %s above the interface, or remove budget=%s from it (%s)",
					p.name, w.Value, shortPosition(r.fset, d.wordPos(w)))
				d.remove(w)
			}
			applied = append(applied, layer{Directive: d, reach: l.reach, state: l.state, level: l.level, profile: &appliedProfile{p, l.Pos}})
		}
	}
	for _, l := range layers {
		if l.Name != "use" {
			applied = append(applied, l)
		}
	}
	return applied
}
