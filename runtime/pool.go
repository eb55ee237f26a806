package resil

import (
	"iter"
	"sync/atomic"
	"time"
)

// A guard is a circuit breaker, a limiter or a bulkhead at work.
type guard interface {
	// idle reports whether a guard that was last used at used is, at now, no different
	// from a new one.
	idle(now, used time.Duration) bool
}

// A pool holds a guard as declared, with all its instances: one for the client or,
// where it is kept by key, one for each key.
type pool[G guard] struct {
	seat
	create func(*entry) G // the entry is nil for the client's
	shared G              // the client's; where there are keys, for those that find no place
}

// A seat tells where a pool keeps its instances in a table of keys.
type seat struct {
	name   string
	client *Client
	scope  Scope         // as it was when the client was made; of it, Per cannot change
	mode   atomic.Uint32 // the Mode in force
	table  keyTable      // nil unless kept by key
	index  int           // in the table's entries
}

// observes reports whether the guard only observes.
func (s *seat) observes() bool { return Mode(s.mode.Load()) == ModeObserve }

// A keyTable is a table without its type of key.
type keyTable interface {
	lookup(pool anyPool, key any, how lookup) guard
	count() (held int, overflowed uint64)
	each(pool anyPool, f func(guard))
	parts(pool anyPool) iter.Seq[[]guard]
	setBound(keys int64)
}

// A lookup says what to do about a key that is looked up.
type lookup uint8

const (
	lookupHeld    lookup = iota // nothing
	lookupCreated               // give it a place if it is not held
	lookupPinned                // that, and keep it its place until its entry is unpinned
)

// An anyPool is a pool without its type of guard.
type anyPool interface {
	place() *seat
	overflow() guard
	instance(e *entry) guard
}

// init makes the instance of the client. create may use the pool.
func (p *pool[G]) init(c *Client, policy statePolicy, create func(*entry) G) {
	name, scope := policy.state()
	p.name, p.client, p.scope, p.create = name, c, *scope, create
	p.mode.Store(uint32(scope.Mode))
	p.shared = create(nil)
}

func (p *pool[G]) place() *seat            { return &p.seat }
func (p *pool[G]) overflow() guard         { return p.shared }
func (p *pool[G]) instance(e *entry) guard { return p.of(e) }

// of returns the guard for an entry, which may be nil. The caller holds the entry's
// shard.
func (p *pool[G]) of(e *entry) G {
	if p.table == nil || e == nil {
		return p.shared
	}
	if e.guards[p.index] == nil {
		e.guards[p.index] = p.create(e)
	}
	return e.guards[p.index].(G)
}

// each calls f for all instances that there are. An instance that is made meanwhile sees
// what was stored before.
func (p *pool[G]) each(f func(G)) {
	f(p.shared)
	if table := p.byKey(); table != nil {
		table.each(p, func(g guard) { f(g.(G)) })
	}
}

// byKey returns the table of the pool's keys, nil where there are none. Another goroutine may
// still construct the client.
func (s *seat) byKey() keyTable {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.table
}

// lookup returns the guard of a key for manual control and stats. ok is false if
// the pool is not kept by key or, for lookupHeld, if the key is not held. Another
// goroutine may still construct the client.
func (p *pool[G]) lookup(key any, how lookup) (g G, ok bool) {
	p.client.mu.Lock()
	defer p.client.mu.Unlock()
	if p.table == nil {
		return g, false
	}
	g, ok = p.table.lookup(p, key, how).(G)
	return g, ok
}
