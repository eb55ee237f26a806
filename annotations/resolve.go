package annotations

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Method is a method of an interface's method set, as the type checker sees it.
type Method struct {
	Name string
	// Element is the element of the interface that declares or embeds the method;
	// nil where the interface is defined from another, as in type I io.Reader.
	Element   *ast.Field
	Guardable bool // takes a context and returns an error
}

// A Guarded is what the directives say about one method.
type Guarded struct {
	Method
	Policy Policy
	// Owners names the state of each guard that has one ("breaker", "limit",
	// "bulkhead") by where its last directive stands: Store, Store[Get*],
	// Store[io.Reader] or Store.Get. With per=method it is always Store.Get, and
	// the policy's Per is empty again.
	Owners map[string]string
	// Origins tells, for each directive ("retry") and field ("retry.max") that
	// was written somewhere, the position of the word that had the last say. A
	// directive that off took away keeps the position of off, and no fields.
	Origins map[string]token.Pos
	// Values tells for each such field where its value begins, inside its quotes.
	Values map[string]token.Pos
	// OnMethod tells the directives that stand on the method itself, not in a
	// profile that is used there.
	OnMethod map[string]bool
	// Waivers are the checks that are not to refuse the method, the innermost last.
	Waivers []Waiver

	uses    []use // the profiles that had a say
	written map[string]directive.Word
}

// Entry is where the i-th entry of a list begins, such as that of classify.by; if
// it was not written, where its directive stands.
func (g *Guarded) Entry(field string, i int) token.Pos {
	pos, ok := g.Values[field]
	if !ok {
		directive, _, _ := strings.Cut(field, ".")
		return g.Origins[directive]
	}
	value := g.written[field].Value
	at := 0
	for ; i > 0; i-- {
		at += strings.IndexByte(value[at:], ',') + 1
	}
	rest := value[at:]
	return pos + token.Pos(at+len(rest)-len(strings.TrimLeft(rest, " \t")))
}

// Resolve applies the interface's directives to its methods, in the order of
// methods: defaults, then the interface's words, the embedded element's, the
// method's. A profile's words go before the others of where it is used, and what
// they declare lives there. What a policy as a whole cannot mean is reported too, sorted, but
// nothing that Read has reported.
func (i *Interface) Resolve(fset *token.FileSet, methods []Method) (Wrap, []Guarded, []Diagnostic) {
	r := resolver{report: report{fset: fset}, name: i.Spec.Name.Name, profiles: i.profiles, test: i.test}
	layers := append(r.layers(i, methods), r.elements(i, methods)...)
	var guarded []Guarded
	for _, m := range methods {
		guarded = append(guarded, r.refine(m, layers))
	}
	r.shared(guarded)
	r.budget(guarded)
	r.flush()
	return i.Wrapper(), guarded, Sort(r.diagnostics)
}

// Wrapper is what the interface's wrap directive says, its name filled in.
func (i *Interface) Wrapper() Wrap {
	var lang Language
	for _, d := range i.Directives {
		if d.Name == "wrap" {
			directive.Refine(&lang, d.Name, d.Words)
		}
	}
	if lang.Wrap != nil && lang.Wrap.Name != "" {
		return *lang.Wrap
	}
	name := i.Spec.Name.Name
	if ast.IsExported(name) {
		return Wrap{Name: "Resilient" + name}
	}
	first, size := utf8.DecodeRuneInString(name)
	return Wrap{Name: "resilient" + string(unicode.ToUpper(first)) + name[size:]}
}

type resolver struct {
	report
	name     string // the interface's
	profiles map[string]*Profile
	test     bool // the interface is in a test file
	findings []finding
}

// A layer is a directive together with what it reaches.
type layer struct {
	Directive
	reach map[string]bool // methods by name
	owner string          // of the state it declares
	level level
	use   *use // the profile's that it comes from; nil where it is written out
}

type level int

const (
	onInterface level = iota
	onSome            // on the interface, with methods=
	onEmbedded
	onMethod
)

// layers are the interface's own directives, those without methods= first.
func (r *resolver) layers(i *Interface, methods []Method) []layer {
	var whole, some []layer
	for _, d := range i.Directives {
		if d.Name == "interface" {
			continue // which Read sees
		}
		if w, ok := d.key("methods"); ok {
			some = append(some, r.chosen(d, w, some, methods))
			continue
		}
		reach := map[string]bool{}
		for _, m := range methods {
			if m.Guardable {
				reach[m.Name] = true
			}
		}
		if len(reach) == 0 && d.Name != "wrap" && !d.faulty {
			r.add(d.Pos, codeNoReach, "%s reaches no method: none of %s takes a context and returns an error; name those it is for with methods=", d.Name, r.name)
		}
		whole = append(whole, layer{d, reach, r.name, onInterface, nil})
	}
	return append(r.expanded(whole), r.expanded(some)...)
}

// chosen is the layer of a directive with methods=, which must not overlap with
// the earlier ones of its name.
func (r *resolver) chosen(d Directive, w directive.Word, earlier []layer, methods []Method) layer {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.Name
	}
	l := layer{d, map[string]bool{}, r.name + "[" + w.Value + "]", onSome, nil}
	for _, g := range globs(w) {
		matches, wrong := g.match(names)
		if wrong != "" {
			r.add(d.Args+token.Pos(g.at), codeGlob, "%s", wrong)
		}
		for _, name := range matches {
			l.reach[name] = true
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
			r.add(d.word(w), codeOverlap, "methods=%s matches %s, which methods= of the %s on line %d matches too: let each method be matched once",
				w.Value, list(twice), d.Name, r.fset.Position(e.Pos).Line)
		}
	}
	return l
}

// elements are the directives on embedded interfaces and on methods. One on an
// embedded interface reaches those of its methods that take a context and return
// an error or, where there are none, all of them.
func (r *resolver) elements(i *Interface, methods []Method) (layers []layer) {
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
		l := layer{reach: all, level: onMethod}
		if len(element.Names) > 0 {
			l.owner = r.name + "." + element.Names[0].Name
		} else {
			text := types.ExprString(element.Type)
			l.owner, l.level = r.name+"["+text+"]", onEmbedded
			if len(guardable) > 0 {
				l.reach = guardable
			}
			if len(all) == 0 {
				r.add(i.Elements[element][0].Pos, codeNoReach, "no method of %s comes from %s: put the directive above one that has methods", r.name, text)
			}
		}
		var here []layer
		for _, d := range i.Elements[element] {
			l.Directive = d
			here = append(here, l)
		}
		layers = append(layers, r.expanded(here)...)
	}
	return layers
}

// refine applies the layers that reach a method, in order.
func (r *resolver) refine(m Method, layers []layer) Guarded {
	g := Guarded{Method: m, Owners: map[string]string{}, Origins: map[string]token.Pos{}, Values: map[string]token.Pos{}, OnMethod: map[string]bool{},
		written: map[string]directive.Word{}}
	var lang Language
	var faulty []string
	refined, order := map[string]bool{}, map[string]int{}
	own := 0 // waivers
	for k, l := range layers {
		if !l.reach[m.Name] || l.Name == "wrap" || l.Name == "profile" {
			continue
		}
		if l.Name == "allow" {
			if w := l.waiver(); slices.Contains(waivable, w.Code) {
				g.Waivers = append(g.Waivers, Waiver{l.Pos, w.Code})
				if l.level == onMethod {
					own++
				}
			}
			continue
		}
		if l.use != nil {
			g.uses = append(g.uses, *l.use)
		}
		before := scope(&lang.Policy, l.Name)
		per := before != nil && before.Per != ""
		set, _ := directive.Refine(&lang, l.Name, l.Words)
		if l.off() {
			delete(g.Owners, l.Name)
			for _, positions := range []map[string]token.Pos{g.Origins, g.Values} {
				maps.DeleteFunc(positions, func(field string, _ token.Pos) bool { return strings.HasPrefix(field, l.Name+".") })
			}
		} else if scope(&lang.Policy, l.Name) != nil {
			g.Owners[l.Name] = l.owner
		}
		for field, w := range set {
			if field != l.Name+".methods" {
				g.Origins[field], g.Values[field] = l.word(w), l.value(w)
				order[field], g.written[field] = k, w
			}
		}
		if w, ok := set[l.Name+".per"]; ok && w.Value == "method" {
			if l.level == onMethod && !per && l.use == nil {
				r.add(l.word(w), codeLevel, "per=method is for directives further out: what stands above a method is that method's own anyway; leave it out here, or write per=(method) if you mean a parameter of that name")
			}
			if _, ok := set[l.Name+".keys"]; !ok {
				scope(&lang.Policy, l.Name).Keys = 0 // were those of a per= further out
			}
		}
		if l.faulty {
			faulty = append(faulty, l.Name)
		}
		refined[l.Name] = refined[l.Name] || l.level != onInterface
		if l.level == onMethod && l.use == nil {
			g.OnMethod[l.Name] = true
		}
	}
	g.Policy = lang.Policy
	if g.Policy.Skip {
		r.skipped(g, layers)
		return Guarded{Method: m, Policy: Policy{Skip: true}, OnMethod: g.OnMethod, Waivers: g.Waivers[:len(g.Waivers)-own],
			Origins: map[string]token.Pos{"skip": g.Origins["skip"]}}
	}
	g.Policy.Complete()
	found := func(p *directive.Problem) {
		directive, _, _ := strings.Cut(p.Field, ".")
		if slices.Contains(faulty, directive) || slices.Contains(faulty, "timeout") {
			return // may follow from what could not be read
		}
		pos, ok := g.Origins[p.Field]
		if !ok {
			pos = g.Origins[directive]
		}
		pos, from := g.Place(r.fset, pos)
		r.findings = append(r.findings, finding{pos, p.Code, p.Message + from, m, refined[directive] || refined["timeout"]})
	}
	for _, p := range g.Policy.Check() {
		found(p)
	}
	for by, p := range g.Policy.Overruled {
		// What stands further in may make pointless what is meant for others.
		if at, written := g.Origins[p.Field]; written && at.IsValid() && g.Origins[by].IsValid() && order[p.Field] >= order[by] {
			found(p)
		}
	}
	for directive, s := range g.Policy.Scopes {
		if s.Per == "method" {
			g.Owners[directive], s.Per = r.name+"."+m.Name, ""
		}
	}
	return g
}

// scope is the directive's part of a policy that says whose state it is; nil
// where there is none.
func scope(p *Policy, directive string) *resil.Scope {
	for d, s := range p.Scopes {
		if d == directive {
			return s
		}
	}
	return nil
}
