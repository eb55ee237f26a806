package resil

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Stats is a snapshot of a client. Its counters count from the making of the client.
// They are read one after another: a call that ends meanwhile may be in one counter
// and not yet in the next.
type Stats struct {
	Client    string          // the client's name
	Methods   []MethodStats   // in the order of the interface
	Breakers  []BreakerStats  // by name
	Limits    []LimitStats    // by name
	Bulkheads []BulkheadStats // by name
	Budget    BudgetStats     // what retries and hedges may spend

	Chaos bool       // faults are on, so that attempts may meet them: see [WithChaos]
	Fleet FleetStats // how the client's fleet stands; zero for none

	EventsDropped  uint64 // changes of state that an observer was too slow to be told of: see [Observer]
	ObserverPanics uint64 // panics of observers, which are dropped

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
// which it reads at the time of this call. It panics if the key is not of the type
// that the breaker is kept by.
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

// Limit returns the named limit's stats, or the zero LimitStats if there is none. With a
// key it returns those of that key, as Breaker does.
func (s Stats) Limit(name string, key ...any) LimitStats {
	for _, l := range s.Limits {
		switch {
		case l.Name != name:
		case l.Keyed && len(key) > 0:
			return s.client.limits[name].keyStats(key[0])
		default:
			return l
		}
	}
	return LimitStats{}
}

// Bulkhead returns the named bulkhead's stats, or the zero BulkheadStats if there is none.
// With a key it returns those of that key, as Breaker does.
func (s Stats) Bulkhead(name string, key ...any) BulkheadStats {
	for _, b := range s.Bulkheads {
		switch {
		case b.Name != name:
		case b.Keyed && len(key) > 0:
			return s.client.bulkheads[name].keyStats(key[0])
		default:
			return b
		}
	}
	return BulkheadStats{}
}

// MethodStats counts the calls and attempts of one method. Each counter starts at 0
// and never falls.
type MethodStats struct {
	Name string // the method's, without the client's

	// Every call that ended is in exactly one of the counters below; Calls is their
	// sum. Outcome describes each of them.
	Calls     uint64
	Succeeded uint64 // OutcomeSucceeded
	Failed    uint64 // OutcomeFailed
	Exhausted uint64 // OutcomeExhausted
	Budget    uint64 // OutcomeBudget
	Deadline  uint64 // OutcomeDeadline
	Later     uint64 // OutcomeLater
	Open      uint64 // OutcomeOpen
	Limited   uint64 // OutcomeLimited
	Full      uint64 // OutcomeFull
	TimedOut  uint64 // OutcomeTimedOut
	Canceled  uint64 // OutcomeCanceled
	Panicked  uint64 // OutcomePanicked

	// Attempts counts those that reached the callee. Each one that ended is in exactly one
	// of the counters below: they add up to Attempts when no call is under way.
	Attempts         uint64
	Success          uint64 // class Success
	Application      uint64 // class Application
	Infrastructure   uint64 // class Infrastructure
	System           uint64 // class SystemFault
	Throttled        uint64 // class Throttled
	Unknown          uint64 // class Unknown
	CanceledAttempts uint64 // class Canceled: the caller gave up, or another attempt won
	PanickedAttempts uint64 // did not return: the callee, say, panicked or called runtime.Goexit

	Retries          uint64 // attempts after a failed one
	RetriedSuccesses uint64 // calls that succeeded after a retry
	Hedges           uint64 // attempts started beside a slow one
	HedgeWins        uint64 // calls that ended with the result of a hedge, success or error
	Fallbacks        uint64 // calls that the fallback answered
	StreamFailures   uint64 // results that failed after a call that had succeeded: see [Hold.End]

	// Attempts that reached the callee although a guard refuses such attempts: the
	// guard only observes, or the context comes from Bypass.
	WouldOpen  uint64 // past a circuit breaker
	WouldLimit uint64 // past a rate limit
	WouldFull  uint64 // past a bulkhead

	// What policies would have done that only observe. None of them asks the budget.
	WouldTimeOut uint64 // calls that took longer than the total timeout, or an attempt of which took longer than the attempt's
	WouldRetry   uint64 // calls that a retry would have repeated, at least once
	WouldHedge   uint64 // attempts beside which a hedge would have started

	// Faults that attempts have met: see [WithChaos].
	ChaosErrors    uint64 // attempts that failed by a fault, latency or not
	ChaosLatencies uint64 // attempts that waited before the callee was called
	ChaosHangs     uint64 // attempts that lasted until their context ended
}

// counts are a method's counters. A call that succeeds at once, the usual case,
// costs one addition and a load: the counters it belongs to are derived.
type counts struct {
	atOnce   atomic.Uint64 // calls that succeeded at their first attempt
	due      atomic.Uint64 // the value of atOnce at which the budget is to read the counters
	outcomes [outcomes]atomic.Uint64
	attempts atomic.Uint64
	classes  [Canceled + 1]atomic.Uint64
	panicked atomic.Uint64 // attempts
	retries  atomic.Uint64
	retried  atomic.Uint64

	othersDue atomic.Uint64 // likewise, of the attempts that were answered in other calls

	hedges, hedgeWins, fallbacks     atomic.Uint64
	streamFailures                   atomic.Uint64
	wouldOpen, wouldLimit, wouldFull atomic.Uint64

	wouldTimeOut, wouldRetry, wouldHedge atomic.Uint64
}

// A shadow is the set of guards that refuse an attempt and let it pass all the same.
type shadow uint8

const (
	shadowOpen  shadow = 1 << GuardBreaker
	shadowLimit shadow = 1 << GuardLimit
	shadowFull  shadow = 1 << GuardBulkhead
)

// pass counts and tells of an attempt that goes to the callee past the guards of the
// call's shadow.
func (c *call) pass() {
	n := &c.method.counts
	for guard, count := range [...]*atomic.Uint64{&n.wouldOpen, &n.wouldLimit, &n.wouldFull} {
		if c.shadow&(1<<guard) == 0 {
			continue
		}
		count.Add(1)
		if c.method.events != nil {
			c.refused(GuardKind(guard), ModeObserve, nil)
		}
	}
}

// succeed counts a call of m that succeeded at its first attempt.
func (n *counts) succeed(m *Method) {
	if n.atOnce.Add(1) >= n.due.Load() {
		m.updateBudget()
	}
}

// add counts a call that ended.
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
	n.retries.Add(uint64(c.retries()))
	if c.outcome == OutcomeSucceeded {
		n.classes[Success].Add(1)
		c.counted++
		if c.rounds > 1 {
			n.retried.Add(1)
		}
	}
	if panicked := c.attempts - c.counted; panicked > 0 {
		n.panicked.Add(uint64(panicked))
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

		Attempts:         atOnce + n.attempts.Load(),
		Success:          atOnce + n.classes[Success].Load(),
		Application:      n.classes[Application].Load(),
		Infrastructure:   n.classes[Infrastructure].Load(),
		System:           n.classes[SystemFault].Load(),
		Throttled:        n.classes[Throttled].Load(),
		Unknown:          n.classes[Unknown].Load(),
		CanceledAttempts: n.classes[Canceled].Load(),
		PanickedAttempts: n.panicked.Load(),

		Retries:          n.retries.Load(),
		RetriedSuccesses: n.retried.Load(),
		Hedges:           n.hedges.Load(),
		HedgeWins:        n.hedgeWins.Load(),
		Fallbacks:        n.fallbacks.Load(),
		StreamFailures:   n.streamFailures.Load(),
		WouldOpen:        n.wouldOpen.Load(),
		WouldLimit:       n.wouldLimit.Load(),
		WouldFull:        n.wouldFull.Load(),
		WouldTimeOut:     n.wouldTimeOut.Load(),
		WouldRetry:       n.wouldRetry.Load(),
		WouldHedge:       n.wouldHedge.Load(),
	}
	s.Calls = s.Succeeded + s.Failed + s.Exhausted + s.Budget + s.Deadline + s.Later +
		s.Open + s.Limited + s.Full + s.TimedOut + s.Canceled + s.Panicked
	return s
}

// Stats returns a snapshot. It changes nothing and may be called at any time, by
// several goroutines at once.
func (c *Client) Stats() Stats {
	s := Stats{Client: c.name, Chaos: c.chaosOn.Load(), client: c}
	s.EventsDropped, s.ObserverPanics = c.events.lost()
	for _, p := range c.plans {
		m := p.counts.snapshot(p.name)
		p.faults.fill(&m)
		s.Methods = append(s.Methods, m)
	}
	for _, name := range slices.Sorted(maps.Keys(c.breakers)) {
		s.Breakers = append(s.Breakers, c.breakers[name].stats())
	}
	for _, name := range slices.Sorted(maps.Keys(c.limits)) {
		s.Limits = append(s.Limits, c.limits[name].stats())
	}
	for _, name := range slices.Sorted(maps.Keys(c.bulkheads)) {
		s.Bulkheads = append(s.Bulkheads, c.bulkheads[name].stats())
	}
	s.Budget = c.budget.stats(c.plans, c.now())
	s.Fleet = c.member.stats()
	return s
}
