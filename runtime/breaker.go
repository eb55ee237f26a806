package resil

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/resilgen/resilgen/internal/directive"
)

// A State is a circuit breaker's.
type State uint8

const (
	StateClosed       State = iota // calls pass and are counted
	StateOpen                      // calls are refused
	StateHalfOpen                  // a few calls pass as probes
	StateForcedOpen                // refused, for a time or until Reset
	StateForcedClosed              // passed, uncounted, for a time or until Reset
)

var stateNames = directive.Enum[State]{"closed", "open", "half-open", "forced-open", "forced-closed"}

func (s State) String() string { return stateNames.Text(s) }

// breakers are a breaker as declared, with all its instances.
type breakers struct {
	pool[*CircuitBreaker]
	policy  atomic.Pointer[breakerTerms]
	methods int // that share it
	keys    keyStates
	remote  atomic.Pointer[remote] // nil where the fleet has nothing to tell to new keys
	mu      sync.Mutex             // held while a phase changes, so that events keep the order of changes
}

// breakerTerms are a breaker's policy in force and what follows from it. They do not
// change.
type breakerTerms struct {
	Breaker
	rule    streakRule
	windows uint8 // how many times the window's length has changed; a phase holds it in one byte
}

func newBreakerTerms(policy Breaker) *breakerTerms {
	return &breakerTerms{Breaker: policy, rule: newStreakRule(&policy)}
}

// apply puts a policy in force. Only the length of the window is part of a phase.
func (g *breakers) apply(policy *Breaker) {
	was, is := g.policy.Load(), newBreakerTerms(*policy)
	is.windows = was.windows
	if was.Window != is.Window {
		is.windows++
	}
	g.mu.Lock()
	g.policy.Store(is)
	g.mu.Unlock()
	g.mode.Store(uint32(policy.Mode))
	if was.windows != is.windows {
		g.each((*CircuitBreaker).resize)
	}
}

func newBreakers(client *Client, policy Breaker) *breakers {
	g := new(breakers)
	g.policy.Store(newBreakerTerms(policy))
	g.init(client, &policy, func(e *entry) *CircuitBreaker {
		c := &CircuitBreaker{pool: g, entry: e}
		c.phase.Store(c.closed(nil))
		if r := g.remote.Load(); r != nil && e != nil {
			r.begin(c)
		}
		return c
	})
	return g
}

// A CircuitBreaker is a circuit breaker at work.
//
//	closed ── consecutive failures, or ratio of failures in the window ──▶ open
//	open ── open time, ±10 % ──▶ half-open
//	half-open ── probes successes ──▶ closed, which for the time of ramp admits a growing share
//	half-open ── one failure, or the callee throttles ──▶ open, for twice the time up to its limit
//	any ── ForceOpen ──▶ forced-open ── Reset ──▶ closed
//	any ── ForceClose ──▶ forced-closed ── Reset ──▶ closed
//	closed ── enough processes of the fleet suspect the callee ──▶ half-open
//	any ── ForceOpenFor, ForceCloseFor ──▶ forced ── that time ──▶ what it was
//
// Cancelled calls, panics, throttled calls in the closed state, and results of
// calls that began before the last change of state, change nothing.
//
// A CircuitBreaker is safe for concurrent use.
type CircuitBreaker struct {
	pool      *breakers
	entry     *entry // of its key, nil where there are none
	phase     atomic.Pointer[phase]
	opened    atomic.Uint64
	forgotten bool // its key has lost its place; guarded by the pool's mu
	last      atomic.Pointer[failure]
}

// A failure is the last one that a circuit breaker has seen.
type failure struct {
	at  time.Time
	err error
}

// A phase is the time between two changes of state. A result counts only in
// the phase that admitted it. Open turns half-open by the clock alone, within
// one phase.
type phase struct {
	breaker *CircuitBreaker
	state   State // never StateHalfOpen

	// Closed: gobreaker keeps the window, the streak is ours because gobreaker's
	// shrinks as its buckets expire.
	slow       bool         // the last failure was a slow call; guarded by gobreaker's lock
	windows    uint8        // of the policy, when the window was made
	seeding    bool         // its window takes over what another held; before it is anybody's
	completing atomic.Int32 // successes that may complete the minimum, and one
	window     *gobreaker.CircuitBreaker[struct{}]
	tripped    atomic.Pointer[Opening] // nil until the window has opened
	streak     atomic.Int64
	finishedAt atomic.Int64 // the last failure, or call after a streak, by client.now
	ramp       *ramp        // nil for none

	*openPhase // nil unless open or forced
}

// refusing returns the phase that refuses calls now, nil if they may try. It
// takes nothing.
func (c *CircuitBreaker) refusing() *phase {
	p := c.phase.Load()
	switch p.state {
	case StateClosed:
		if r := p.ramping(); r != nil && r.refuses(c.pool.client.now()) {
			return p
		}
	case StateForcedOpen:
		return p
	case StateOpen:
		now := c.pool.client.now()
		c.entry.use(now)
		if now < p.until || p.full(now) {
			return p
		}
	}
	return nil
}

// refusingAfter returns the phase that refuses calls now and will still do so after a
// time; nil if none will.
func (c *CircuitBreaker) refusingAfter(d time.Duration) *phase {
	p := c.phase.Load()
	switch p.state {
	case StateForcedOpen:
		if !p.isTimed() || p.until-c.pool.client.now() > d {
			return p
		}
	case StateOpen:
		if p.until-c.pool.client.now() > d {
			return p
		}
	}
	return nil
}

// execute runs call, which returns its signal, unless the breaker refuses it; then
// it returns the phase that did.
func (c *CircuitBreaker) execute(ctx context.Context, call func() (struct{}, error)) (refused *phase) {
	for {
		p := c.phase.Load()
		switch p.state {
		case StateClosed:
			if r := p.ramping(); r != nil && !r.admit(c.pool.client.now()) {
				return p
			}
			_, signal := p.window.Execute(call)
			switch {
			case signal == nil:
				if p.completing.Load() > 0 {
					if why := p.completed(); why != nil {
						c.open(ctx, p, StateClosed, why, 0)
					}
				}
			case signal == gobreaker.ErrOpenState:
				c.open(ctx, p, StateClosed, p.tripped.Load(), 0) // if who tripped it has not yet
				continue
			default:
				if why := p.tripped.Load(); why != nil {
					c.open(ctx, p, StateClosed, why, 0)
				}
			}
			return nil
		case StateForcedClosed:
			call()
			return nil
		case StateOpen:
			if c.probe(ctx, p, call) {
				return nil
			}
		}
		return p
	}
}

// note remembers an attempt that was no success, for stats and events, if it counts
// against the breaker: a failure, or a probe that the callee throttles.
func (c *CircuitBreaker) note(failed *call) {
	state := c.phase.Load().state
	if state == StateForcedClosed || failed.signal == signalNone {
		return
	}
	if _, throttled := failed.signal.(signalThrottled); throttled && state != StateOpen {
		return
	}
	f := &failure{at: time.Now(), err: failed.err}
	if failed.timedOut {
		f.err = failed.failure(ErrTimeout) // the callee's own may say no more than that it was canceled
	}
	c.last.Store(f)
}

// open ends phase p with an open one, for why, which is copied.
func (c *CircuitBreaker) open(ctx context.Context, p *phase, was State, why *Opening, hint time.Duration) {
	if c.phase.Load() != p {
		return // another call did
	}
	c.entry.use(c.pool.client.now())
	policy := &c.pool.policy.Load().Breaker
	length := p.openTime(policy)
	own := *why
	own.Open = jittered(length, hint, policy)
	if f := c.last.Load(); f != nil {
		own.Err = f.err
	}
	to := c.refusingPhase(StateOpen, c.pool.client.now()+own.Open)
	to.length, to.why = length, &own
	c.change(ctx, p, to, was)
}

func (c *CircuitBreaker) refusingPhase(state State, until time.Duration) *phase {
	return &phase{breaker: c, state: state, openPhase: &openPhase{until: until, refusals: make(refusals, c.pool.methods)}}
}

// change replaces phase from, if it is still the current one.
func (c *CircuitBreaker) change(ctx context.Context, from, to *phase, was State) (changed bool) {
	c.pool.mu.Lock()
	if to.state == StateClosed && to.windows != c.pool.policy.Load().windows {
		to = c.remade(to) // it has changed since
	}
	to.begin(from)
	if changed = c.phase.CompareAndSwap(from, to); changed {
		now := c.pool.client.now()
		if to.state == StateOpen && !to.counted {
			to.counted = true
			c.opened.Add(1)
			c.pool.keys.opened++
		}
		c.pool.keys.enter(c, to.state)
		c.announce(now, from, to)
		if was != to.state {
			e := Event{Kind: EventStateChanged, Client: c.pool.client.name, Breaker: c.pool.name, Key: c.key(), From: was, To: to.stateAt(now), Mode: Mode(c.pool.mode.Load())}
			switch e.To {
			case StateOpen, StateForcedOpen:
				e.Opening = to.why
			case StateHalfOpen:
				to.probing = true
				if to.suspected {
					e.Opening = to.why
				}
			}
			c.pool.client.events.add(ctx, e)
		}
	}
	c.pool.mu.Unlock()
	return changed
}

// begin notes since when the circuit is not closed, which a failed probe does not change.
func (p *phase) begin(from *phase) {
	switch {
	case p.openPhase == nil || !p.since.IsZero():
	case p.state == StateOpen && from.state == StateOpen:
		p.since = from.since
	default:
		p.since = time.Now()
	}
}

// State returns the state at this moment and changes nothing: open turns
// half-open when its time has passed, whether or not a call has come.
func (c *CircuitBreaker) State() State { return c.phase.Load().stateAt(c.pool.client.now()) }

func (p *phase) stateAt(now time.Duration) State {
	if p.state == StateOpen && now >= p.until {
		return StateHalfOpen
	}
	return p.state
}

// refusals are the errors of the calls that a phase refuses, by their methods'
// slots.
type refusals []atomic.Pointer[Error]

// refusal is the error for m's calls that p refuses at their first attempt. There
// is one for each method and phase, so that refusing allocates nothing.
func (p *phase) refusal(m *Method) *Error {
	var list refusals
	if p.openPhase != nil {
		list = p.openPhase.refusals
	} else {
		list = p.ramp.refusals
	}
	shared := &list[m.slot]
	if shared.Load() == nil {
		shared.CompareAndSwap(nil, &Error{Method: m.fullName, Reason: ErrOpen, after: p.breaker})
	}
	return shared.Load()
}

// retryAfter is the time until a call may be let through, 0 if one may be now or if
// nobody knows.
func (c *CircuitBreaker) retryAfter() time.Duration {
	return c.phase.Load().retryAfter(c.pool.client.now())
}

func (p *phase) retryAfter(now time.Duration) time.Duration {
	switch p.state {
	case StateClosed:
		if r := p.ramping(); r != nil {
			return max(r.retryAfter(now), 0)
		}
	case StateOpen:
		if now < p.until {
			return p.until - now
		}
		return p.roomAfter(now)
	case StateForcedOpen:
		if p.isTimed() {
			return max(p.until-now, p.before.retryAfter(now), 0)
		}
	}
	return 0
}

// key is what the circuit is kept by, nil where it is not.
func (c *CircuitBreaker) key() any {
	if c.entry == nil || c.entry.key == nil {
		return nil
	}
	return c.entry.key.get()
}

// idle reports whether what a circuit last used at the given time knows says
// nothing about today: it is closed and has seen no failure for long, or nobody
// came to probe it for long.
func (c *CircuitBreaker) idle(now, used time.Duration) bool {
	p := c.phase.Load()
	switch p.state {
	case StateClosed:
		return now-time.Duration(p.finishedAt.Load()) > c.lapse() && (p.ramp == nil || p.ramp.share(now) == hundredPercent)
	case StateOpen:
		return now-used > c.lapse() && now-p.until > c.lapse()
	}
	return false
}

// isOverflow reports whether keys without a place share the circuit. It counts and
// does not open.
func (c *CircuitBreaker) isOverflow() bool { return c.entry == nil && c.pool.scope.keyed() }

// lapse is the time after which failures say nothing about today.
func (c *CircuitBreaker) lapse() time.Duration {
	policy := c.pool.policy.Load()
	return max(policy.Window, policy.Open)
}

// For returns the circuit of one key of a breaker that is kept by key, and c
// itself of any other. A key that is not held gets a place, even beyond the bound;
// one that is idle for long may lose it, but not while its circuit is forced. For
// panics if key is not of the type that the breaker is kept by.
func (c *CircuitBreaker) For(key any) *CircuitBreaker {
	if own, ok := c.pool.lookup(key, lookupCreated); ok {
		return own
	}
	return c
}
