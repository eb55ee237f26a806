package resil

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
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

var stateNames = names[State]{"closed", "open", "half-open", "forced-open", "forced-closed"}

func (s State) String() string { return stateNames.name(s) }

// circuits are a breaker as declared, with all its instances.
type circuits struct {
	group
	policy  Breaker
	methods int          // that share it
	open    atomic.Int64 // instances that are open or forced open
}

func newCircuits(client *Client, name string, policy Breaker) *circuits {
	g := &circuits{policy: policy}
	g.group = group{name: name, client: client, scope: policy.Scope, fresh: func() guard {
		c := &Circuit{group: g}
		c.phase.Store(c.closed())
		return c
	}}
	g.one = g.fresh()
	return g
}

// A Circuit is a circuit breaker at work.
//
//	closed ── consecutive failures, or ratio of failures in the window ──▶ open
//	open ── open time, ±10 % ──▶ half-open
//	half-open ── probes successes ──▶ closed
//	half-open ── one failure, or the callee throttles ──▶ open
//
// A Circuit is safe for concurrent use.
type Circuit struct {
	group  *circuits
	phase  atomic.Pointer[phase]
	opened atomic.Uint64
	last   atomic.Pointer[failure]
	mu     sync.Mutex // held while phase changes, so that events keep its order
}

// A failure is the last one that a circuit saw.
type failure struct {
	at  time.Time
	err error
}

// A phase is the time between two changes of state. A result has a vote only in
// the phase that admitted it. Open turns half-open by the clock alone, within
// one phase.
type phase struct {
	circuit *Circuit
	state   State // never StateHalfOpen

	// Closed: gobreaker keeps the window and judges, the streak is ours because
	// gobreaker's shrinks as its buckets expire.
	window   *gobreaker.CircuitBreaker[struct{}]
	streak   atomic.Int64
	failedAt atomic.Int64 // when the streak last grew, by client.now
	tripped  atomic.Bool

	*opening // nil unless open or forced open
}

// An opening is what a phase that refuses calls keeps: apart, because of a
// million keys nearly all are closed.
type opening struct {
	until    time.Duration // when probing may begin, by client.now
	refusals []atomic.Pointer[Error]
	probing  bool // a probe has been let out; guarded by circuit.mu
	mu       sync.Mutex
	probes   []*probe // that are out
	passed   int      // probes that succeeded
}

// A probe is a call let through half-open.
type probe struct{ started time.Duration }

// What gobreaker and a half-open phase get to see of a result: nil is a success.
type vote uint8

const (
	votedNothing vote = iota // a cancel, a panic: says nothing about the callee
	votedFailure
	votedLate // a failure at the caller's own deadline: no part of a streak
)

func (v vote) Error() string { return [...]string{"no vote", "failure", "late"}[v] }

// votedThrottled has no vote either, but sends a half-open circuit back to open
// for at least the callee's hint.
type votedThrottled time.Duration

func (votedThrottled) Error() string { return "throttled" }

// windowBuckets is how finely the rolling window slides.
const windowBuckets = 10

func (c *Circuit) closed() *phase {
	p := &phase{circuit: c, state: StateClosed}
	p.window = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         c.group.name,
		Interval:     c.group.policy.Window,
		BucketPeriod: (c.group.policy.Window + windowBuckets - 1) / windowBuckets,
		Timeout:      math.MaxInt64 / 2, // never: the next phase takes over
		ReadyToTrip:  p.readyToTrip,
		IsSuccessful: p.isSuccessful,
		IsExcluded: func(vote error) bool {
			return vote != nil && vote != votedFailure && vote != votedLate
		},
		OnStateChange: func(string, gobreaker.State, gobreaker.State) { p.tripped.Store(true) },
	})
	return p
}

// isSuccessful keeps the streak. gobreaker calls it under its lock, for results
// of the current generation only.
func (p *phase) isSuccessful(vote error) bool {
	switch vote {
	case nil:
		if p.streak.Load() != 0 {
			p.streak.Store(0)
		}
	case votedFailure:
		now := p.circuit.group.client.now()
		p.streak.Store(p.streakAt(now) + 1)
		p.failedAt.Store(int64(now))
	}
	return vote == nil
}

// streakAt is the number of failures in a row, 0 once nothing has failed for so
// long that they say nothing about today.
func (p *phase) streakAt(now time.Duration) int64 {
	if now-time.Duration(p.failedAt.Load()) > p.circuit.lapse() {
		return 0
	}
	return p.streak.Load()
}

func (p *phase) readyToTrip(counts gobreaker.Counts) bool {
	policy := &p.circuit.group.policy
	if policy.Consecutive > 0 && p.streak.Load() >= int64(policy.Consecutive) {
		return true
	}
	failed := uint64(counts.TotalFailures)
	answered := failed + uint64(counts.TotalSuccesses)
	return policy.Ratio > 0 && answered >= uint64(policy.Min) && policy.Ratio.of(failed, answered)
}

// refusing returns the phase that refuses calls now, nil if they may try. It
// takes nothing.
func (c *Circuit) refusing() *phase {
	p := c.phase.Load()
	switch p.state {
	case StateForcedOpen:
		return p
	case StateOpen:
		now := c.group.client.now()
		if now < p.until || p.full(now) {
			return p
		}
	}
	return nil
}

// execute runs call, which returns its vote, unless the circuit refuses it; then
// it returns the phase that did.
func (c *Circuit) execute(ctx context.Context, call func() (struct{}, error)) (refused *phase) {
	for {
		p := c.phase.Load()
		switch p.state {
		case StateClosed:
			_, vote := p.window.Execute(call)
			if vote == gobreaker.ErrOpenState {
				c.open(ctx, p, StateClosed, c.group.policy.Open) // if who tripped it has not yet
				continue
			}
			if vote != nil && p.tripped.Load() {
				c.open(ctx, p, StateClosed, c.group.policy.Open)
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

// probe runs call as a probe of p if there is room for one.
func (c *Circuit) probe(ctx context.Context, p *phase, call func() (struct{}, error)) (admitted bool) {
	own := p.admit(c.group.client.now())
	if own == nil {
		return false
	}
	c.halfOpen(ctx, p)
	var vote error = votedNothing // a panic and runtime.Goexit leave it so
	defer func() { c.report(ctx, p, own, vote) }()
	_, vote = call()
	return true
}

// admit lets a probe out, nil if it is too early or enough are out. A probe that
// has been out for longer than the open time is written off: its place is free
// and its result has no vote.
func (p *phase) admit(now time.Duration) *probe {
	if now < p.until {
		return nil
	}
	policy := &p.circuit.group.policy
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes = slices.DeleteFunc(p.probes, func(o *probe) bool { return now-o.started > policy.Open })
	if p.passed+len(p.probes) >= policy.Probes {
		return nil
	}
	own := &probe{started: now}
	p.probes = append(p.probes, own)
	return own
}

// full reports whether admit would find no room for a probe.
func (p *phase) full(now time.Duration) bool {
	policy := &p.circuit.group.policy
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.passed
	for _, o := range p.probes {
		if now-o.started <= policy.Open {
			out++
		}
	}
	return out >= policy.Probes
}

// report takes a probe back and acts on its vote.
func (c *Circuit) report(ctx context.Context, p *phase, own *probe, vote error) {
	p.mu.Lock()
	i := slices.Index(p.probes, own)
	if i < 0 {
		p.mu.Unlock()
		return
	}
	p.probes = slices.Delete(p.probes, i, i+1)
	if vote == nil {
		p.passed++
	}
	passed := p.passed
	p.mu.Unlock()

	hint, throttled := vote.(votedThrottled)
	switch {
	case vote == nil && passed >= c.group.policy.Probes:
		c.change(ctx, p, c.closed(), StateHalfOpen)
	case vote == votedFailure:
		c.open(ctx, p, StateHalfOpen, c.group.policy.Open)
	case throttled:
		c.open(ctx, p, StateHalfOpen, max(c.group.policy.Open, time.Duration(hint)))
	}
}

// open ends phase p with an open one of about the given length, jittered so that
// circuits which opened together do not probe together.
func (c *Circuit) open(ctx context.Context, p *phase, was State, length time.Duration) {
	length = between(length-length/10, length+length/10)
	c.change(ctx, p, c.refusingPhase(StateOpen, c.group.client.now()+length), was)
}

func (c *Circuit) refusingPhase(state State, until time.Duration) *phase {
	refusals := make([]atomic.Pointer[Error], c.group.methods)
	return &phase{circuit: c, state: state, opening: &opening{until: until, refusals: refusals}}
}

// change replaces phase from, if it is still the current one.
func (c *Circuit) change(ctx context.Context, from, to *phase, was State) {
	c.mu.Lock()
	if c.phase.CompareAndSwap(from, to) {
		if to.state == StateOpen {
			c.opened.Add(1)
		}
		c.group.open.Add(refuses(to) - refuses(from))
		c.group.client.events.add(ctx, Event{Kind: StateChanged, Client: c.group.client.name, Breaker: c.group.name, From: was, To: to.state})
	}
	c.mu.Unlock()
	c.group.client.events.deliver()
}

// refuses is 1 for a phase that is open or forced open.
func refuses(p *phase) int64 {
	if p.state == StateOpen || p.state == StateForcedOpen {
		return 1
	}
	return 0
}

// halfOpen tells, once, that phase p has begun to probe.
func (c *Circuit) halfOpen(ctx context.Context, p *phase) {
	c.mu.Lock()
	if !p.probing && c.phase.Load() == p {
		p.probing = true
		c.group.client.events.add(ctx, Event{Kind: StateChanged, Client: c.group.client.name, Breaker: c.group.name, From: StateOpen, To: StateHalfOpen})
	}
	c.mu.Unlock()
	c.group.client.events.deliver()
}

// State returns the state at this moment and changes nothing: open turns
// half-open when its time has passed, whether or not a call has come.
func (c *Circuit) State() State { return c.phase.Load().stateAt(c.group.client.now()) }

func (p *phase) stateAt(now time.Duration) State {
	if p.state == StateOpen && now >= p.until {
		return StateHalfOpen
	}
	return p.state
}

// ForceOpen refuses every call until Reset.
func (c *Circuit) ForceOpen() { c.force(c.refusingPhase(StateForcedOpen, 0)) }

// ForceClose lets every call pass, uncounted, until Reset.
func (c *Circuit) ForceClose() { c.force(&phase{circuit: c, state: StateForcedClosed}) }

// Reset closes the circuit and forgets what it has seen. Only Reset ends what
// ForceOpen and ForceClose began.
func (c *Circuit) Reset() { c.force(c.closed()) }

func (c *Circuit) force(to *phase) {
	for {
		p := c.phase.Load()
		c.change(context.Background(), p, to, p.stateAt(c.group.client.now()))
		if c.phase.Load() != p {
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

func (p *phase) retryAfter() time.Duration { return p.until - p.circuit.group.client.now() }

// idle reports whether a circuit last used at the given time has forgotten all.
func (c *Circuit) idle(now, used time.Duration) bool {
	return c.phase.Load().state == StateClosed && now-used > c.lapse()
}

// lapse is the time after which failures say nothing about today.
func (c *Circuit) lapse() time.Duration { return max(c.group.policy.Window, c.group.policy.Open) }

// For returns the circuit of one key of a breaker that is kept by key, and c
// itself of any other. It panics if key is not of the type that the breaker is
// kept by.
func (c *Circuit) For(key any) *Circuit {
	if c.group.table == nil {
		return c
	}
	return c.group.table.lookup(&c.group.group, key, true).(*Circuit)
}
