package resil

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a client. Its counters count from the client's making;
// they are read one after another, so that calls which end meanwhile may be in
// one and not yet in the next.
type Stats struct {
	Client   string
	Methods  []MethodStats  // in the order of the interface
	Breakers []BreakerStats // by name

	client *Client
}

// Method returns the named method's stats, or the zero MethodStats if there is
// none.
func (s Stats) Method(name string) MethodStats {
	for _, m := range s.Methods {
		if m.Name == name {
			return m
		}
	}
	return MethodStats{}
}

// Breaker returns the named breaker's stats, or the zero BreakerStats if there is
// none. With a key it returns those of that key of a breaker that is kept by key,
// read now. It panics if the key is not of the breaker's type.
func (s Stats) Breaker(name string, key ...any) BreakerStats {
	for _, b := range s.Breakers {
		switch {
		case b.Name != name:
		case b.Keyed && len(key) > 0:
			return s.client.breakers[name].keyStats(key[0])
		default:
			return b
		}
	}
	return BreakerStats{}
}

// MethodStats counts one method's calls and attempts.
type MethodStats struct {
	Name string

	// Every call that ended is in exactly one of these; Calls is their sum.
	Calls                                                 uint64
	Succeeded, Failed, Exhausted, Budget, Deadline, Later uint64
	Open, Limited, Full, TimedOut, Canceled, Panicked     uint64

	// Attempts that reached the callee, and how those that ended were classed.
	Attempts                                                         uint64
	Success, Application, Infrastructure, System, Throttled, Unknown uint64

	Retries          uint64 // attempts after a failed one
	RetriedSuccesses uint64 // calls that succeeded after a retry
	Hedges           uint64 // attempts started beside a slow one
	HedgeWins        uint64 // calls that ended with a hedge's answer: succeeded or, if that is an error, failed
	Fallbacks        uint64 // calls answered in the callee's place

	// Attempts that reached the callee though a guard would have refused them:
	// it only observes, or the context said Bypass.
	WouldOpen, WouldLimit, WouldFull uint64
}

// BreakerStats tells of one circuit breaker.
type BreakerStats struct {
	Name  string
	Key   any // where one was asked for
	State State

	Successes, Failures uint64 // in the window; 0 unless closed
	Streak              uint64 // failures in a row; 0 unless closed
	Opened              uint64 // how many times it has opened

	LastFailure time.Time // or last probe that the callee throttled; zero for none
	LastError   error
	RetryAfter  time.Duration // until it probes or, half-open with all probes out, until it gives one of them up; 0 otherwise
	Ramp        Ratio         // share of the calls that it admits after closing; 0 where that is all of them
	Opening     *Opening      // why it is open, half-open or forced open; nil otherwise

	// Of a breaker that is kept by key, where no key is asked for, all of the
	// above but Name are zero.
	Keyed      bool
	Keys       int    // held
	OpenKeys   int    // whose breaker is open, half-open or forced open
	Overflowed uint64 // calls whose key found no place, and that shared one
}

// counts are a method's counters. A call that succeeds at once, the usual case,
// costs one addition and a load: the counters it belongs to are derived.
type counts struct {
	atOnce   atomic.Uint64
	due      atomic.Uint64 // the value of atOnce at which the budget is to read the counters
	outcomes [outcomes]atomic.Uint64
	attempts atomic.Uint64
	classes  [Canceled + 1]atomic.Uint64
	retries  atomic.Uint64
	retried  atomic.Uint64

	othersDue atomic.Uint64 // likewise, of the attempts that were answered in other calls

	hedges, hedgeWins, fallbacks     atomic.Uint64
	wouldOpen, wouldLimit, wouldFull atomic.Uint64
}

// would are the guards that would have refused an attempt.
type shadow uint8

const (
	shadowOpen shadow = 1 << iota
	shadowLimit
	shadowFull
)

// pass books an attempt that goes to the callee past guards that would refuse it.
func (n *counts) pass(w shadow) {
	if w&shadowOpen != 0 {
		n.wouldOpen.Add(1)
	}
	if w&shadowLimit != 0 {
		n.wouldLimit.Add(1)
	}
	if w&shadowFull != 0 {
		n.wouldFull.Add(1)
	}
}

// succeed books a call of m that succeeded at its first attempt.
func (n *counts) succeed(m *Method) {
	if n.atOnce.Add(1) >= n.due.Load() {
		m.updateBudget()
	}
}

// add books a call that ended.
func (n *counts) add(c *call) {
	if c.outcome == OutcomeSucceeded && c.attempts == 1 {
		n.succeed(c.method)
		return
	}
	n.outcomes[c.outcome].Add(1)
	if c.attempts == 0 {
		return
	}
	n.attempts.Add(uint64(c.attempts))
	n.retries.Add(uint64(max(c.rounds-1, 0)))
	if c.outcome == OutcomeSucceeded {
		n.classes[Success].Add(1)
		if c.rounds > 1 {
			n.retried.Add(1)
		}
	}
	if n.updateDue() {
		c.method.updateBudget()
	}
}

// others is how many attempts the callee has answered, with success or not, in calls
// that did not succeed at once.
func (n *counts) others() uint64 { return n.classes[Success].Load() + n.classes[Application].Load() }

// answers is how many attempts the callee has answered, with success or not.
func (n *counts) answers() uint64 { return n.atOnce.Load() + n.others() }

// updateDue reports whether the budget is to read the counters.
func (n *counts) updateDue() bool {
	return n.atOnce.Load() >= n.due.Load() || n.others() >= n.othersDue.Load()
}

func (n *counts) snapshot(name string) MethodStats {
	atOnce := n.atOnce.Load()
	s := MethodStats{
		Name:      name,
		Succeeded: atOnce + n.outcomes[OutcomeSucceeded].Load(),
		Failed:    n.outcomes[OutcomeFailed].Load(),
		Exhausted: n.outcomes[OutcomeExhausted].Load(),
		Budget:    n.outcomes[OutcomeBudget].Load(),
		Deadline:  n.outcomes[OutcomeDeadline].Load(),
		Later:     n.outcomes[OutcomeLater].Load(),
		Open:      n.outcomes[OutcomeOpen].Load(),
		Limited:   n.outcomes[OutcomeLimited].Load(),
		Full:      n.outcomes[OutcomeFull].Load(),
		TimedOut:  n.outcomes[OutcomeTimedOut].Load(),
		Canceled:  n.outcomes[OutcomeCanceled].Load(),
		Panicked:  n.outcomes[OutcomePanicked].Load(),

		Attempts:       atOnce + n.attempts.Load(),
		Success:        atOnce + n.classes[Success].Load(),
		Application:    n.classes[Application].Load(),
		Infrastructure: n.classes[Infrastructure].Load(),
		System:         n.classes[SystemFault].Load(),
		Throttled:      n.classes[Throttled].Load(),
		Unknown:        n.classes[Unknown].Load(),

		Retries:          n.retries.Load(),
		RetriedSuccesses: n.retried.Load(),
		Hedges:           n.hedges.Load(),
		HedgeWins:        n.hedgeWins.Load(),
		Fallbacks:        n.fallbacks.Load(),
		WouldOpen:        n.wouldOpen.Load(),
		WouldLimit:       n.wouldLimit.Load(),
		WouldFull:        n.wouldFull.Load(),
	}
	s.Calls = s.Succeeded + s.Failed + s.Exhausted + s.Budget + s.Deadline + s.Later +
		s.Open + s.Limited + s.Full + s.TimedOut + s.Canceled + s.Panicked
	return s
}

// Stats takes a snapshot. It changes nothing.
func (c *Client) Stats() Stats {
	s := Stats{Client: c.name, client: c}
	for _, p := range c.plans {
		s.Methods = append(s.Methods, p.counts.snapshot(p.name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.breakers)) {
		s.Breakers = append(s.Breakers, c.breakers[name].stats())
	}
	return s
}

func (g *breakers) stats() BreakerStats {
	g.client.mu.Lock()
	defer g.client.mu.Unlock()
	if g.table == nil {
		return g.shared.stats()
	}
	s := BreakerStats{Name: g.name, Keyed: true, OpenKeys: int(g.open.Load())}
	s.Keys, s.Overflowed = g.table.count()
	return s
}

// keyStats are those of one key. A key that is not held has a closed breaker.
func (g *breakers) keyStats(key any) BreakerStats {
	if c, ok := g.lookup(key, false); ok {
		return c.stats()
	}
	return BreakerStats{Name: g.name, Key: key}
}

func (c *CircuitBreaker) stats() BreakerStats {
	now := c.pool.client.now()
	p := c.phase.Load()
	s := BreakerStats{Name: c.pool.name, Key: c.key(), State: p.stateAt(now), Opened: c.opened.Load()}
	if f := c.last.Load(); f != nil {
		s.LastFailure, s.LastError = f.at, f.err
	}
	switch s.State {
	case StateClosed:
		p.window.State() // ages the window, which Counts does not
		counts := p.window.Counts()
		s.Successes, s.Failures = uint64(counts.TotalSuccesses), uint64(counts.TotalFailures)
		s.Streak = uint64(p.streakAt(now))
		if r := p.ramping(); r != nil {
			s.Ramp = r.share(now) % hundredPercent
		}
	case StateOpen, StateHalfOpen, StateForcedOpen:
		s.RetryAfter, s.Opening = p.retryAfter(now), p.why
	}
	return s
}
