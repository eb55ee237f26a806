package resil

import (
	"context"
	"time"
)

// A Suspicion is that breakers with scope=fleet have opened in some processes. When enough
// of them have, two or a tenth of all, whichever is more, the same breaker of every other
// process goes from closed to half-open: its next calls are its probes. Where they succeed it
// goes on as it was, with its window and without a ramp; where one fails it opens. So a
// process that alone has a fault harms nobody, and one that is told of an outage learns what
// it means for itself.
//
// A report holds for the open time and as long again, so that it lasts while the breaker
// probes, unless it is withdrawn because the breaker closes.
//
// Each process probes once, until fewer processes report it and then enough again. A process
// that starts while a suspicion lasts begins half-open, and so does a key that comes then.
type Suspicion struct {
	Breaker   string        // name of the breaker
	Key       string        // text of the key; "" where the breaker is not kept by key
	Processes int           // whose breaker is open; in a report it says nothing
	For       time.Duration // how long that holds if nothing more is reported; in a report, 0 says that the breaker is not open any more
}

// quorum is how many processes must report a suspicion, of so many.
func quorum(processes int) int { return max(2, (processes+9)/10) }

// A remote is what a breaker has been told by the fleet, by the text of the key, for keys
// that come later. It does not change.
type remote map[string]told

type told struct {
	order     *Order        // to force a state; nil for none
	from      time.Duration // when it was told, by client.now
	suspected time.Duration // until when, by client.now; 0 for not
}

// begin has a circuit that is new do what it has missed. Nobody else has it yet.
func (r remote) begin(c *CircuitBreaker) {
	t, ok := r[c.entry.text()]
	now := c.pool.client.now()
	switch {
	case !ok:
	case t.order != nil && (t.order.For == 0 || now < t.from+t.order.For):
		left := *t.order
		if left.For > 0 {
			left.For -= now - t.from
		}
		c.enforce(left.phase(), left.For)
	case now < t.suspected:
		c.suspect()
	}
}

// suspect has a closed circuit probe.
func (c *CircuitBreaker) suspect() {
	for {
		p := c.phase.Load()
		if p.state != StateClosed {
			return
		}
		to := c.refusingPhase(StateOpen, c.pool.client.now())
		to.before, to.suspected, to.counted = p, true, true
		to.why = &Opening{Rule: RuleSuspected}
		if c.change(context.Background(), p, to, StateClosed) {
			return
		}
	}
}

// closedAgain is the phase after phase p, of which enough probes have succeeded.
func (c *CircuitBreaker) closedAgain(p *phase) *phase {
	if p.suspected {
		return p.before
	}
	return c.closed(c.newRamp())
}

// announce tells the fleet what a change of state means for other processes.
func (c *CircuitBreaker) announce(now time.Duration, from, to *phase) {
	if c.pool.policy.Load().Extent != ExtentFleet || c.isOverflow() {
		return
	}
	if from.isTimed() && from.before == to {
		return // what it reported before it was forced holds for longer than what is left of to
	}
	s := Suspicion{Breaker: c.pool.name, Key: c.entry.text()}
	switch {
	case to.state == StateOpen && !to.suspected:
		s.For = later(to.until-now, to.until-now) // as long again for its probes to end: without a gap before the next report
	case to.state == StateClosed && from.state == StateOpen && !from.suspected:
	default:
		return
	}
	m := c.pool.client.member
	m.fleet.Report(m, s)
}

// suspect has the breakers probe that enough processes suspect now, and did not before.
func (m *Member) suspect(s FleetState) {
	enough := quorum(s.Processes)
	is := map[orderTarget]time.Duration{}
	for _, suspicion := range s.Suspicions {
		if suspicion.Processes >= enough && suspicion.For > 0 {
			is[orderTarget{suspicion.Breaker, suspicion.Key}] = later(m.client.now(), suspicion.For)
		}
	}
	was := m.suspected
	m.suspected = is
	m.tell()
	var fresh []orderTarget
	for target := range is {
		g := m.client.breakers[target.breaker]
		if _, known := was[target]; !known && g != nil && g.policy.Load().Extent == ExtentFleet {
			fresh = append(fresh, target)
		}
	}
	for _, circuits := range m.named(fresh) {
		for _, c := range circuits {
			c.suspect()
		}
	}
}

// tell lets breakers know what holds for keys that come later.
func (m *Member) tell() {
	for name, g := range m.client.breakers {
		if !g.scope.keyed() {
			continue
		}
		all := remote{}
		for target, until := range m.suspected {
			if target.breaker == name && g.policy.Load().Extent == ExtentFleet {
				all[target.key] = told{suspected: until}
			}
		}
		for target, order := range m.forced {
			if target.breaker == name {
				t := all[target.key]
				t.order, t.from = order.order, order.from
				all[target.key] = t
			}
		}
		if len(all) == 0 {
			g.remote.Store(nil)
		} else {
			g.remote.Store(&all)
		}
	}
}

// named returns the circuits that are held of some breakers and keys, by their texts. It
// looks at each key once, however many are named, and holds no lock while a key tells its text.
func (m *Member) named(targets []orderTarget) map[orderTarget][]*CircuitBreaker {
	found := map[orderTarget][]*CircuitBreaker{}
	wanted := map[string]bool{} // breakers
	for _, target := range targets {
		found[target], wanted[target.breaker] = nil, true
	}
	for name := range wanted {
		g := m.client.breakers[name]
		if g == nil {
			continue
		}
		add := func(c *CircuitBreaker) {
			target := orderTarget{name, c.entry.text()}
			if list, ok := found[target]; ok {
				found[target] = append(list, c)
			}
		}
		if !g.scope.keyed() {
			add(g.shared)
		} else if table := g.byKey(); table != nil {
			for part := range table.parts(g) {
				for _, c := range part {
					add(c.(*CircuitBreaker))
				}
			}
		}
	}
	return found
}
