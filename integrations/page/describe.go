package resilpage

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// shownKeys is how many keys of a breaker are shown.
const shownKeys = 20

// A describer says what a client does.
type describer struct {
	printer *printer
	seed    maphash.Seed // of the IDs of keys
	filter  string       // in lower case; empty for none
	at      time.Time
}

// client describes a client. recent is what its methods did in the last minute, by the order
// of the interface.
func (d *describer) client(id string, c *resil.Client, stats *resil.Stats, recent []span) ClientState {
	spec := c.Spec()
	s := ClientState{
		ID: id, Name: nameOf(c), Interface: c.Interface(),
		Overrides:     c.Overrides(),
		EventsDropped: stats.EventsDropped, ObserverPanics: stats.ObserverPanics,
		Methods: []MethodState{}, Breakers: []BreakerState{}, Limits: []LimitState{}, Bulkheads: []BulkheadState{},
	}
	var all span
	methods := make([]method, len(stats.Methods))
	for i, m := range stats.Methods {
		methods[i] = method{MethodStats: m}
		if i < len(spec.Methods) {
			methods[i].policies = spec.Methods[i].Policies
		}
		if i < len(recent) {
			methods[i].recent = recent[i]
		}
		all.merge(&methods[i].recent)
	}
	// A client that only lets contexts bring faults is as usual.
	if faults, on := c.Chaos(); on && len(faults) > 0 {
		s.Chaos, s.Faults = true, map[string]string{}
		for pattern, fault := range faults {
			s.Faults[shorten(pattern, maxKey)] = d.printer.text(fault, maxError)
		}
	}
	s.Fleet = d.fleet(stats)
	f := finder{stats: stats, at: d.at, fleet: s.Fleet, faults: s.Faults, methods: methods, printer: d.printer}
	s.Findings = f.find()
	s.Status = StatusOK
	if len(s.Findings) > 0 {
		s.Status = s.Findings[0].Status
	} else {
		s.Findings = []Finding{}
	}
	s.Recent = all.shown()

	whole := d.matches(s.Name) || d.matches(s.Interface)
	for i := range methods {
		if whole || d.matches(methods[i].Name) {
			m := d.method(&methods[i])
			m.Overridden = overridden(c, s.Overrides, &methods[i])
			s.Methods = append(s.Methods, m)
		}
	}
	slices.SortStableFunc(s.Methods, func(a, b MethodState) int { return b.Status.rank() - a.Status.rank() })
	kept := keptBy(&spec)
	for i := range stats.Breakers {
		if b := d.breaker(stats, &stats.Breakers[i], whole); whole || d.matches(b.Name) || b.Found > 0 {
			b.Per = kept["breaker "+b.Name]
			s.Breakers = append(s.Breakers, b)
		}
	}
	slices.SortStableFunc(s.Breakers, func(a, b BreakerState) int { return cmp.Compare(b.badness(), a.badness()) })
	for i := range stats.Limits {
		if l := &stats.Limits[i]; whole || d.matches(l.Name) {
			s.Limits = append(s.Limits, LimitState{
				Name: l.Name, Mode: l.Mode.String(), Rate: l.Rate.String(), Fleet: l.Extent == resil.ExtentFleet, Part: part(stats, l), Per: kept["limit "+l.Name], Burst: l.Burst, Tokens: l.Tokens,
				Waiting: l.Waiting, Held: l.Held.Seconds(), Keyed: l.Keyed, Keys: l.Keys, Overflowed: l.Overflowed,
			})
		}
	}
	for i := range stats.Bulkheads {
		if b := &stats.Bulkheads[i]; whole || d.matches(b.Name) {
			s.Bulkheads = append(s.Bulkheads, BulkheadState{
				Name: b.Name, Mode: b.Mode.String(), Per: kept["bulkhead "+b.Name], Calls: b.Calls, InUse: b.InUse,
				Waiting: b.Waiting, Keyed: b.Keyed, Keys: b.Keys, Overflowed: b.Overflowed,
			})
		}
	}
	if b := stats.Budget; b.Share > 0 {
		s.Budget = &BudgetState{Share: b.Share.String(), Spent: b.Spent, Left: b.Left, Reserve: b.Reserve}
	}
	return s
}

// nameOf is a client's name as it is shown, because programs may choose any.
func nameOf(c *resil.Client) string { return shorten(c.Name(), maxKey) }

// keptBy has what the guards of a client are kept by, by kind and name.
func keptBy(spec *resil.Spec) map[string]string {
	per := map[string]string{}
	for i := range spec.Methods {
		p := &spec.Methods[i].Policies
		if p.Breaker != nil {
			per["breaker "+p.Breaker.Name] = p.Breaker.Per
		}
		if p.Limit != nil {
			per["limit "+p.Limit.Name] = p.Limit.Per
		}
		if p.Bulkhead != nil {
			per["bulkhead "+p.Bulkhead.Name] = p.Bulkhead.Per
		}
	}
	return per
}

// isEmpty reports whether nothing of the client matches a filter.
func (s *ClientState) isEmpty() bool {
	return len(s.Methods)+len(s.Breakers)+len(s.Limits)+len(s.Bulkheads) == 0
}

// matches reports whether a text matches the filter, as all do where there is none.
func (d *describer) matches(text string) bool {
	return strings.Contains(strings.ToLower(text), d.filter)
}

func (d *describer) method(m *method) MethodState {
	s := MethodState{
		Name: m.Name, Status: StatusOK, Policy: m.policies.String(), Words: append([]string{}, m.policies.Words()...), Recent: m.recent.shown(),
		Totals: map[string]uint64{},
		Classes: map[string]uint64{
			"success": m.Success, "application": m.Application, "infrastructure": m.Infrastructure,
			"system": m.System, "throttled": m.Throttled, "unknown": m.Unknown,
			"canceled": m.CanceledAttempts, "panicked": m.PanickedAttempts,
		},
		Attempts: m.Attempts, Retries: m.Retries, RetriedSuccesses: m.RetriedSuccesses, Hedges: m.Hedges, HedgeWins: m.HedgeWins,
		Fallbacks: m.Fallbacks, StreamFailures: m.StreamFailures, WouldRefuse: m.WouldOpen + m.WouldLimit + m.WouldFull,
		WouldTimeOut: m.WouldTimeOut, WouldRetry: m.WouldRetry, WouldHedge: m.WouldHedge,
		Faults: m.ChaosErrors + m.ChaosLatencies + m.ChaosHangs,
	}
	for outcome, n := range m.Outcomes() {
		s.Totals[resil.Outcome(outcome).String()] = n
	}
	refused, calls := uint64(m.recent.refused()), uint64(m.recent.calls())
	if failed := uint64(m.recent.failed()); failed > 0 {
		s.Status = failingStatus(failed, calls-refused-uint64(m.recent.outcomes[resil.OutcomeCanceled]))
	}
	if refused > 0 {
		s.Status = worse(s.Status, StatusIll)
	}
	return s
}

// overridden lists the overrides in force that reach a method, as directives.
func overridden(c *resil.Client, overrides resil.Overrides, m *method) (list []string) {
	p := &m.policies
	guards := map[string]string{}
	if p.Breaker != nil {
		guards["breaker"] = p.Breaker.Name
	}
	if p.Limit != nil {
		guards["limit"] = p.Limit.Name
	}
	if p.Bulkhead != nil {
		guards["bulkhead"] = p.Bulkhead.Name
	}
	has := map[string]bool{"timeout": p.Timeout != nil, "retry": p.Retry != nil, "hedge": p.Hedge != nil}
	for _, target := range slices.Sorted(maps.Keys(overrides)) {
		name := target // as the interface has it
		if rest, ok := strings.CutPrefix(target, c.Name()); ok {
			name = c.Interface() + rest
		}
		for _, policy := range slices.Sorted(maps.Keys(overrides[target])) {
			ofMethod := has[policy] && (name == c.Interface() || name == c.Interface()+"."+m.Name)
			if guard, ok := guards[policy]; ofMethod || ok && (guard == target || guard == name) {
				list = append(list, fmt.Sprintf("%s %s (%s)", policy, overrides[target][policy], target))
			}
		}
	}
	return list
}

func worse(a, b Status) Status {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// breaker describes a breaker. With a filter, it has those keys that match, or the worst
// where the name of the breaker or the client does.
func (d *describer) breaker(stats *resil.Stats, b *resil.BreakerStats, whole bool) BreakerState {
	s := d.circuit(b)
	if !b.Keyed {
		return s
	}
	s.State, s.Keyed, s.Keys, s.Overflowed, s.KeyStates = "", true, b.Keys, b.Overflowed, map[string]int{}
	for state, n := range b.KeyStates {
		s.KeyStates[resil.State(state).String()] = n
	}
	if whole || d.matches(b.Name) {
		for _, key := range stats.WorstKeys(b.Name, shownKeys) {
			s.Worst = append(s.Worst, d.keyOf(&key))
		}
		return s
	}
	for _, key := range stats.WorstKeys(b.Name, math.MaxInt) {
		if !d.matches(d.printer.key(key.Key)) {
			continue
		}
		if s.Found++; s.Found <= shownKeys {
			s.Worst = append(s.Worst, d.keyOf(&key))
		}
	}
	return s
}

func (d *describer) keyOf(b *resil.BreakerStats) BreakerState {
	s := d.circuit(b)
	s.KeyID, s.Key = d.keyID(b.Key), d.printer.key(b.Key)
	return s
}

// keyID stands for a key in forms. The texts of two keys may be alike, and be changed by
// redaction.
func (d *describer) keyID(key any) string {
	return fmt.Sprintf("%016x", maphash.Comparable(d.seed, key))
}

func (d *describer) circuit(b *resil.BreakerStats) BreakerState {
	s := BreakerState{
		Name: b.Name, Mode: b.Mode.String(), State: b.State.String(),
		Successes: b.Successes, Failures: b.Failures, Streak: b.Streak, Opened: b.Opened,
		Since: b.Since, RetryAfter: seconds(b.RetryAfter), ForcedFor: seconds(b.ForcedFor),
		LastError: d.printer.error(lastError(b)), LastFailure: b.LastFailure,
	}
	if b.Opening != nil {
		s.Rule = b.Opening.Rule.String()
	}
	return s
}

// seconds is a time of few digits.
func seconds(d time.Duration) float64 { return d.Round(100 * time.Millisecond).Seconds() }

// badness orders breakers.
func (s *BreakerState) badness() int {
	states := s.KeyStates
	if !s.Keyed {
		states = map[string]int{s.State: 1}
	}
	for i, state := range []resil.State{resil.StateForcedOpen, resil.StateOpen, resil.StateHalfOpen, resil.StateForcedClosed} {
		if states[state.String()] > 0 {
			return 4 - i
		}
	}
	return 0
}

// summary says which clients are ill.
func summary(clients []ClientState) (Status, string) {
	if len(clients) == 0 {
		return StatusOK, "No clients yet"
	}
	worst, names := StatusOK, map[Status][]string{}
	for i := range clients {
		c := &clients[i]
		worst = worse(worst, c.Status)
		names[c.Status] = append(names[c.Status], c.Name)
	}
	if worst == StatusOK {
		if len(clients) == 1 {
			return worst, clients[0].Name + " is well"
		}
		return worst, fmt.Sprintf("All %d clients are well", len(clients))
	}
	var parts []string
	for _, s := range []Status{StatusDown, StatusIll, StatusWatch} {
		if n := names[s]; len(n) > 0 {
			word := s.word(len(n))
			parts = append(parts, few(n)+" "+word)
		}
	}
	text := strings.Join(parts, "; ")
	if well := len(names[StatusOK]); well > 0 {
		text += fmt.Sprintf("; %d %s well", well, are(well))
	}
	return worst, text
}
