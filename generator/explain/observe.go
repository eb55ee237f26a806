package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// An Observation is what the running clients of an interface have seen, and what follows
// from it for the policies. Of several clients, calls are added up, and loads are those of
// the client that had most, because each client has guards of its own.
type Observation struct {
	Clients   []string         `json:"clients"` // by name
	Seconds   float64          `json:"seconds"` // how long they have looked; the longest
	Methods   []ObservedMethod `json:"methods"` // in the order of the interface
	Proposals []Proposal       `json:"proposals"`
	Notes     []string         `json:"notes"` // where nothing is proposed, and why
}

// An ObservedMethod is what has been seen of a method. Durations are of calls and attempts
// that the callee has answered, with success or not; 0 where there were too few to know.
type ObservedMethod struct {
	Name      string   `json:"name"`
	Calls     uint64   `json:"calls"`
	Answered  uint64   `json:"answered"` // of the calls
	PerSecond float64  `json:"perSecond"`
	AtOnce    uint64   `json:"atOnce"`   // attempts, at most
	InSecond  uint64   `json:"inSecond"` // attempts that began within a second, at most
	TimedOut  uint64   `json:"timedOut"` // attempts that a timeout has ended
	Call      Observed `json:"call"`
	Attempt   Observed `json:"attempt"`

	seen resil.MethodProfile
}

// Observed are quantiles of durations.
type Observed struct{ P50, P95, P99, P999 time.Duration }

// MarshalJSON returns times in seconds, null if they are not known.
func (o Observed) MarshalJSON() ([]byte, error) {
	known := func(d time.Duration) *float64 {
		if d == 0 {
			return nil
		}
		return seconds(d)
	}
	return json.Marshal(struct {
		P50  *float64 `json:"p50"`
		P95  *float64 `json:"p95"`
		P99  *float64 `json:"p99"`
		P999 *float64 `json:"p999"`
	}{known(o.P50), known(o.P95), known(o.P99), known(o.P999)})
}

// A Proposal is a directive with other numbers.
type Proposal struct {
	Place   string           `json:"place"` // the interface or method above which the line is to stand
	Line    string           `json:"line"`  // as it is to be written
	Changes []ProposedChange `json:"changes"`
}

// A ProposedChange is one number, with the reason for it.
type ProposedChange struct {
	Key    string `json:"key"`
	From   string `json:"from"` // empty where it is not set
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// Fewer observations than these say nothing certain of the quantile.
const (
	enoughP99  = 1_000  // 10 of them are beyond it
	enoughP999 = 10_000 // likewise
)

// Observe adds to the interfaces what running clients have seen. It returns what in the
// profiles matches nothing, and whether anything does.
func Observe(interfaces []Interface, profiles []resil.ProfileSnapshot) (unmatched []string, matched bool) {
	merged := map[string]*resil.ProfileSnapshot{}
	clients := map[string][]string{}
	for _, p := range profiles {
		var found []int
		var packages, names []string
		for k, i := range interfaces {
			names = append(names, i.Name)
			if i.Name == p.Interface {
				found = append(found, k)
				packages = append(packages, i.Package)
			}
		}
		switch {
		case len(found) == 0:
			text := fmt.Sprintf("%s: no interface of this name has directives in these packages", p.Interface)
			if near := directive.Nearest(p.Interface, names); near != "" {
				text += fmt.Sprintf("; did you mean %s?", near)
			}
			unmatched = append(unmatched, text)
			continue
		case len(found) > 1:
			unmatched = append(unmatched, fmt.Sprintf("%s: there are interfaces of this name in %s; name one of the packages", p.Interface, directive.All(packages)))
			continue
		}
		clients[p.Interface] = append(clients[p.Interface], p.Client)
		if all := merged[p.Interface]; all != nil {
			all.Merge(p)
		} else {
			own := resil.ProfileSnapshot{Interface: p.Interface}
			own.Merge(p)
			merged[p.Interface] = &own
		}
	}
	for k := range interfaces {
		i := &interfaces[k]
		p := merged[i.Name]
		if p == nil {
			continue
		}
		matched = true
		slices.Sort(clients[i.Name])
		i.Observed = &Observation{Clients: slices.Compact(clients[i.Name]), Seconds: p.Seconds, Proposals: []Proposal{}, Notes: []string{}}
		unmatched = append(unmatched, i.observe(p)...)
	}
	slices.Sort(unmatched)
	return slices.Compact(unmatched), matched
}

// observe adds what has been seen of the interface, and returns what matches nothing.
func (i *Interface) observe(p *resil.ProfileSnapshot) (unmatched []string) {
	var methods []string
	for _, m := range i.Methods {
		methods = append(methods, m.Name)
		k := slices.IndexFunc(p.Methods, func(seen resil.MethodProfile) bool { return seen.Name == m.Name })
		if k < 0 {
			continue
		}
		seen := p.Methods[k]
		o := ObservedMethod{
			Name: m.Name, Calls: seen.Calls, Answered: seen.Answered.Total(),
			AtOnce: seen.Load.AtOnce, InSecond: seen.Load.InSecond, TimedOut: seen.TimedOut,
			Call: observed(seen.Answered), Attempt: observed(seen.Attempts), seen: seen,
		}
		if p.Seconds > 0 {
			o.PerSecond = round(float64(seen.Load.Attempts) / p.Seconds)
		}
		i.Observed.Methods = append(i.Observed.Methods, o)
	}
	for _, seen := range p.Methods {
		if !slices.Contains(methods, seen.Name) {
			unmatched = append(unmatched, fmt.Sprintf("%s.%s: the interface has no such method%s", i.Name, seen.Name, near(seen.Name, methods)))
		}
	}
	var guards []string
	for _, g := range i.guards() {
		guards = append(guards, g.kind+" "+g.name)
	}
	for _, seen := range p.Guards {
		if name := seen.Kind + " " + seen.Name; !slices.Contains(guards, name) {
			unmatched = append(unmatched, fmt.Sprintf("%s: %s has no such guard%s", name, i.Name, near(name, guards)))
		}
	}
	i.propose(p)
	return unmatched
}

// near suggests the name that was most likely meant.
func near(name string, known []string) string {
	if n := directive.Nearest(name, known); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}

// observed returns those quantiles that there are enough durations for.
func observed(d resil.Durations) (o Observed) {
	n := d.Total()
	if n == 0 {
		return o
	}
	o.P50 = d.Quantile(0.5)
	if n >= 100 {
		o.P95 = d.Quantile(0.95)
	}
	if n >= enoughP99 {
		o.P99 = d.Quantile(0.99)
	}
	if n >= enoughP999 {
		o.P999 = d.Quantile(0.999)
	}
	return o
}

// round keeps three digits.
func round(x float64) float64 {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return x
}

// A guardInSource is a breaker, limit or bulkhead of an interface.
type guardInSource struct {
	kind, name string
	directive  Directive
	methods    []*Method
}

// guards lists the guards of an interface in the order of its methods.
func (i *Interface) guards() (list []*guardInSource) {
	for k := range i.Methods {
		m := &i.Methods[k]
		for _, d := range m.Directives {
			if d.State == "" {
				continue
			}
			at := slices.IndexFunc(list, func(g *guardInSource) bool { return g.kind == d.Name && g.name == d.State })
			if at < 0 {
				at = len(list)
				list = append(list, &guardInSource{kind: d.Name, name: d.State, directive: d})
			}
			list[at].methods = append(list[at].methods, m)
		}
	}
	return list
}

// place is the interface or method above which the guard's directive stands.
func (g *guardInSource) place() string {
	place, _, _ := strings.Cut(g.name, "[")
	return place
}
