package resil

import "time"

// BreakerStats describes one circuit breaker. Of a breaker that is kept by key it
// describes one key, or, where no key is asked for, all keys together: then only Name,
// Mode, Opened and the last five fields are set.
type BreakerStats struct {
	Name  string
	Key   any   // the key that was asked for; nil for none
	Mode  Mode  // in force
	State State // at the time of the snapshot

	Successes uint64 // in the window; 0 unless closed
	Failures  uint64 // in the window; 0 unless closed
	Streak    uint64 // failures in a row; 0 unless closed
	Opened    uint64 // how many times it has opened; of all keys together, those of keys that are not held any more too

	Since       time.Time     // when it left the closed state, failed probes or not, or was forced; zero for closed
	LastFailure time.Time     // of the last failure, or the last probe that the callee throttled; zero for none
	LastError   error         // of that attempt; nil for none, or for a slow success
	ForcedFor   time.Duration // how long its state is still forced; 0 where that is until Reset, or not at all
	RetryAfter  time.Duration // until it probes or is not forced open any more, or, half-open with all probes out, until it writes one of them off; 0 otherwise
	Ramp        Ratio         // share of the calls that it admits after closing; 0 where it admits all
	Opening     *Opening      // why it is open, half-open or forced open; nil otherwise; not to be changed

	Keyed      bool                       // kept by key, and no key was asked for
	Keys       int                        // keys held
	OpenKeys   int                        // keys held whose breaker is open, half-open or forced open
	KeyStates  [StateForcedClosed + 1]int // keys held, by the state of their breaker
	Overflowed uint64                     // calls whose key found no place, and that shared one
}

func (g *breakers) stats() BreakerStats {
	g.client.mu.Lock()
	defer g.client.mu.Unlock()
	if g.table == nil {
		return g.shared.stats()
	}
	s := BreakerStats{Name: g.name, Mode: Mode(g.mode.Load()), Keyed: true}
	s.Keys, s.Overflowed = g.table.count()
	s.KeyStates = g.count(s.Keys)
	s.OpenKeys = s.KeyStates[StateOpen] + s.KeyStates[StateHalfOpen] + s.KeyStates[StateForcedOpen]
	g.mu.Lock()
	s.Opened = g.keys.opened
	g.mu.Unlock()
	return s
}

// keyStats are those of one key. A key that is not held has a closed breaker.
func (g *breakers) keyStats(key any) BreakerStats {
	if c, ok := g.lookup(key, lookupHeld); ok {
		return c.stats()
	}
	return BreakerStats{Name: g.name, Mode: Mode(g.mode.Load()), Key: key}
}

func (c *CircuitBreaker) stats() BreakerStats {
	s := c.statsAt(c.pool.client.now())
	s.Key = c.key()
	return s
}

// statsAt are the circuit's stats without its key.
func (c *CircuitBreaker) statsAt(now time.Duration) BreakerStats {
	p := c.phase.Load()
	s := BreakerStats{Name: c.pool.name, Mode: Mode(c.pool.mode.Load()), State: p.stateAt(now), Opened: c.opened.Load()}
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
	if p.openPhase != nil {
		s.Since = p.since
	}
	if p.isTimed() {
		s.ForcedFor = max(p.until-now, 0)
	}
	return s
}
