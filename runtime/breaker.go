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
	StateForcedOpen                // refused until Reset
	StateForcedClosed              // passed, uncounted, until Reset
)

var stateNames = directive.Enum[State]{"closed", "open", "half-open", "forced-open", "forced-closed"}

func (s State) String() string { return stateNames.Text(s) }

// breakers are a breaker as declared, with all its instances.
type breakers struct {
	pool[*CircuitBreaker]
	policy  Breaker
	methods int          // that share it
	open    atomic.Int64 // instances that are open or forced open
	mu      sync.Mutex   // held while a phase changes, so that events keep the order of changes
}

func newBreakers(client *Client, policy Breaker) *breakers {
	g := &breakers{policy: policy}
	g.init(client, &policy, func(e *entry) *CircuitBreaker {
		c := &CircuitBreaker{pool: g, entry: e}
		c.phase.Store(c.closed())
		return c
	})
	return g
}

// A CircuitBreaker is a circuit breaker at work.
//
//	closed ── consecutive failures, or ratio of failures in the window ──▶ open
//	open ── open time, ±10 % ──▶ half-open
//	half-open ── probes successes ──▶ closed
//	half-open ── one failure, or the callee throttles ──▶ open
//
// A CircuitBreaker is safe for concurrent use.
type CircuitBreaker struct {
	pool   *breakers
	entry  *entry // of its key, nil where there are none
	phase  atomic.Pointer[phase]
	opened atomic.Uint64
	last   atomic.Pointer[failure]
}

// A failure is the last one that a circuit saw.
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

	// Closed: gobreaker keeps the window and decides, the streak is ours because
	// gobreaker's shrinks as its buckets expire.
	tripped    atomic.Bool
	window     *gobreaker.CircuitBreaker[struct{}]
	streak     atomic.Int64
	finishedAt atomic.Int64 // the last call of the streak or after it, by client.now

	*opening // nil unless open or forced open
}

// refusing returns the phase that refuses calls now, nil if they may try. It
// takes nothing.
func (c *CircuitBreaker) refusing() *phase {
	p := c.phase.Load()
	switch p.state {
	case StateForcedOpen:
		return p
	case StateOpen:
		now := c.pool.client.now()
		if now < p.until || p.full(now) {
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
			_, signal := p.window.Execute(call)
			if signal == gobreaker.ErrOpenState {
				c.open(ctx, p, StateClosed, 0) // if who tripped it has not yet
				continue
			}
			if signal != nil && p.tripped.Load() {
				c.open(ctx, p, StateClosed, 0)
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

// note remembers the failure that a call's attempt was, for the stats.
func (c *CircuitBreaker) note(failed *call) {
	if c.phase.Load().state == StateForcedClosed {
		return
	}
	f := &failure{at: time.Now(), err: failed.err}
	if f.err == nil && failed.class > Application {
		f.err = ErrResult
	}
	c.last.Store(f)
}

// open ends phase p with an open one: of the policy's length, jittered so that
// circuits which opened together do not probe together, and of at least the
// callee's hint, as far as that can be believed.
func (c *CircuitBreaker) open(ctx context.Context, p *phase, was State, hint time.Duration) {
	length := c.pool.policy.Open
	believed := max(time.Hour, 10*length)
	length = max(between(length-length/10, length+length/10), min(hint, believed))
	c.change(ctx, p, c.refusingPhase(StateOpen, c.pool.client.now()+length), was)
}

func (c *CircuitBreaker) refusingPhase(state State, until time.Duration) *phase {
	refusals := make([]atomic.Pointer[Error], c.pool.methods)
	return &phase{breaker: c, state: state, opening: &opening{until: until, refusals: refusals}}
}

// change replaces phase from, if it is still the current one.
func (c *CircuitBreaker) change(ctx context.Context, from, to *phase, was State) (changed bool) {
	c.pool.mu.Lock()
	if changed = c.phase.CompareAndSwap(from, to); changed {
		if to.state == StateOpen {
			c.opened.Add(1)
		}
		c.pool.open.Add(refuses(to) - refuses(from))
		if was != to.state {
			c.pool.client.events.add(ctx, Event{Kind: EventStateChanged, Client: c.pool.client.name, Breaker: c.pool.name, Key: c.key(), From: was, To: to.state})
		}
	}
	c.pool.mu.Unlock()
	c.pool.client.events.deliver()
	return changed
}

// refuses is 1 for a phase that is open or forced open.
func refuses(p *phase) int64 {
	if p.state == StateOpen || p.state == StateForcedOpen {
		return 1
	}
	return 0
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

// ForceOpen refuses every call until Reset.
func (c *CircuitBreaker) ForceOpen() {
	c = c.current()
	c.force(c.refusingPhase(StateForcedOpen, 0))
}

// ForceClose lets every call pass, uncounted, until Reset.
func (c *CircuitBreaker) ForceClose() {
	c = c.current()
	c.force(&phase{breaker: c, state: StateForcedClosed})
}

// Reset closes the circuit and forgets what it has seen. Only Reset ends what
// ForceOpen and ForceClose began.
func (c *CircuitBreaker) Reset() {
	c = c.current()
	c.force(c.closed())
}

// current is c or, if its key has lost its place since, the one that the key has
// now.
func (c *CircuitBreaker) current() *CircuitBreaker {
	if c.entry != nil && c.entry.gone.Load() {
		return c.For(c.key())
	}
	return c
}

func (c *CircuitBreaker) force(to *phase) {
	for {
		p := c.phase.Load()
		if c.change(context.Background(), p, to, p.stateAt(c.pool.client.now())) {
			return
		}
	}
}

// refusal is the error for m's calls that p refuses at their first attempt. There
// is one for each method and phase, so that refusing allocates nothing.
func (p *phase) refusal(m *Method) *Error {
	shared := &p.refusals[m.slot]
	if shared.Load() == nil {
		shared.CompareAndSwap(nil, &Error{Method: m.fullName, Reason: ErrOpen, after: p})
	}
	return shared.Load()
}

func (p *phase) retryAfter() time.Duration { return p.until - p.breaker.pool.client.now() }

// key is what the circuit is kept by, nil where it is not.
func (c *CircuitBreaker) key() any {
	if c.entry == nil || c.entry.key == nil {
		return nil
	}
	return c.entry.key.get()
}

// idle reports whether what a circuit last used at the given time knows says
// nothing about today: it is closed, or nobody came to probe it for long.
func (c *CircuitBreaker) idle(now, used time.Duration) bool {
	p := c.phase.Load()
	switch p.state {
	case StateClosed:
		return now-used > c.lapse()
	case StateOpen:
		return now-used > c.lapse() && now-p.until > c.lapse()
	}
	return false
}

// lapse is the time after which failures say nothing about today.
func (c *CircuitBreaker) lapse() time.Duration {
	return max(c.pool.policy.Window, c.pool.policy.Open)
}

// For returns the circuit of one key of a breaker that is kept by key, and c
// itself of any other. A key that is not held gets a place, even beyond the bound;
// one that is idle for long may lose it, but not while its circuit is forced. For panics if key is not of the type that the
// breaker is kept by.
func (c *CircuitBreaker) For(key any) *CircuitBreaker {
	if own, ok := c.pool.lookup(key, true); ok {
		return own
	}
	return c
}
