package annotations

import (
	"go/token"
	"maps"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// Resolve applies the directives of the interface to its methods, and returns what
// they say about each, in the order of methods. The policy of a method starts from
// the defaults. The interface's words refine it, then the embedded element's, then
// the method's. The words of a profile come before the others of the place where it
// is used, and the state that they declare lives in that place.
//
// Resolve also returns what is wrong with whole policies, sorted. What [Read] and
// [Link] have reported is not among it.
func (i *Interface) Resolve(fset *token.FileSet, methods []Target) ([]Resolved, []Diagnostic) {
	r := resolver{report: report{fset: fset}, name: i.Spec.Name.Name, profiles: i.profiles, inTest: i.inTest}
	layers := append(r.interfaceLayers(i, methods), r.elementLayers(i, methods)...)
	var resolved []Resolved
	for _, m := range methods {
		resolved = append(resolved, r.method(m, layers))
	}
	r.checkShared(resolved)
	r.shareBudget(resolved)
	r.reportFindings()
	return resolved, Sort(r.diagnostics)
}

// A resolver resolves one interface.
type resolver struct {
	report
	name     string              // of the interface
	profiles map[string]*profile // of the package
	inTest   bool                // the interface stands in a test file
	findings []finding
}

// A resolution resolves one method.
type resolution struct {
	*resolver
	Resolved
	lang       language
	ownWaivers int             // how many waivers stand on the method itself
	faulty     map[string]bool // directives of which something could not be read
	refined    map[string]bool // directives that more than the interface's words for all methods give
}

// method applies the layers that reach a method, in order.
func (r *resolver) method(m Target, layers []layer) Resolved {
	n := resolution{
		resolver: r,
		Resolved: Resolved{Target: m, States: map[string]string{}, Origins: map[string]Origin{}, OnMethod: map[string]bool{}, Named: map[string]bool{}},
		faulty:   map[string]bool{},
		refined:  map[string]bool{},
	}
	for k, l := range layers {
		if !l.reach[m.Name] {
			continue
		}
		switch l.Name {
		case "wrap", "profile":
		case "allow":
			n.waive(l)
		default:
			n.apply(k, l)
		}
	}
	n.Policy = n.lang.Policy
	if n.Policy.Skip {
		r.checkSkipped(n.Resolved, layers)
		return Resolved{Target: m, Policy: Policy{Skip: true}, OnMethod: n.OnMethod, Waivers: n.Waivers[:len(n.Waivers)-n.ownWaivers],
			Origins: map[string]Origin{"skip": n.Origins["skip"]}}
	}
	n.Policy.Complete()
	n.check()
	for directive, s := range n.Policy.Scopes {
		if s.Per == "method" {
			n.States[directive], s.Per = r.name+"."+m.Name, ""
		}
	}
	return n.Resolved
}

// waive adds the waiver of a layer. Read has reported one without effect.
func (n *resolution) waive(l layer) {
	code := l.fields["allow.code"].Value
	if !slices.Contains(waivable, code) {
		return
	}
	n.Waivers = append(n.Waivers, Waiver{l.Pos, code})
	if l.level == methodLevel {
		n.ownWaivers++
	}
}

// apply applies layer number k.
func (n *resolution) apply(k int, l layer) {
	if l.profile != nil {
		n.applied = append(n.applied, *l.profile)
	}
	before := scope(&n.lang.Policy, l.Name)
	wasKeyed := before != nil && before.Per != ""
	set, _ := directive.Refine(&n.lang, l.Name, l.Words)
	after := scope(&n.lang.Policy, l.Name)
	if l.isOff() {
		delete(n.States, l.Name)
		maps.DeleteFunc(n.Origins, func(field string, _ Origin) bool { return strings.HasPrefix(field, l.Name+".") })
	} else if after != nil {
		n.States[l.Name] = l.state
	}
	for field, w := range set {
		if field != l.Name+".methods" {
			n.Origins[field] = Origin{l.wordPos(w), l.valuePos(w), w.Value, k}
		}
	}
	onMethod := l.level == methodLevel && l.profile == nil
	if w, ok := set[l.Name+".per"]; ok && w.Value == "method" {
		if onMethod && !wasKeyed {
			n.add(l.wordPos(w), codeLevel, "per=method has no effect above a method, which has its own state anyway: remove it, or write per=(method) if you mean a parameter of that name")
		}
		if _, ok := set[l.Name+".keys"]; !ok {
			after.Keys = 0 // keys= of an outer directive was for the key that per=method removes
		}
	}
	n.faulty[l.Name] = n.faulty[l.Name] || l.faulty
	n.refined[l.Name] = n.refined[l.Name] || l.level != interfaceLevel
	if onMethod {
		n.OnMethod[l.Name] = true
	}
	if l.profile == nil && l.named[n.Name] {
		n.Named[l.Name] = true
	}
}

// check finds what the policy as a whole cannot mean.
func (n *resolution) check() {
	for _, p := range n.Policy.Check() {
		n.find(p)
	}
	for by, p := range n.Policy.overruled {
		// An inner directive may make pointless what an outer one says for other methods.
		field, ok := n.Origins[p.Field]
		if other := n.Origins[by]; ok && field.Pos.IsValid() && other.Pos.IsValid() && field.layer >= other.layer {
			n.find(p)
		}
	}
}

// find adds a problem of the policy to the findings.
func (n *resolution) find(p *directive.Problem) {
	name, _, _ := strings.Cut(p.Field, ".")
	if n.faulty[name] || n.faulty["timeout"] {
		return // it may follow from what could not be read
	}
	origin, ok := n.Origins[p.Field]
	if !ok {
		origin = n.Origins[name]
	}
	pos, suffix := n.ReportPos(n.fset, origin.Pos)
	n.findings = append(n.findings, finding{pos, p.Code, p.Message + suffix, n.Target, n.refined[name] || n.refined["timeout"]})
}

// scope returns the part of a policy that says whose state a directive declares. It
// is nil if the directive declares none.
func scope(p *Policy, directive string) *resil.Scope {
	for d, s := range p.Scopes {
		if d == directive {
			return s
		}
	}
	return nil
}
