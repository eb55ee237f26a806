package resil

import (
	"fmt"
	"hash/maphash"
	"iter"
	"math/bits"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A KeyedMethod is a method that has guards of its own for each key.
type KeyedMethod[K comparable] struct {
	table *table[K]
	plan  *plan
	index int // of the plan in the table
}

// bind makes k the method of c that p plans.
func (k *KeyedMethod[K]) bind(c *Client, p *plan) *Method {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tables[reflect.TypeFor[K]()].(*table[K])
	if !ok {
		t = &table[K]{client: c, seed: maphash.MakeSeed(), overflow: &entry{client: c}}
		c.tables[reflect.TypeFor[K]()] = t
	}
	k.table, k.plan, k.index = t, p, t.add(p)
	return t.overflow.methods[k.index]
}

// For returns the method for one key. Each result must be handed to one call, and no
// more. For may be called concurrently.
//
// At most as many keys are held as the policies' keys say. A new key beyond that
// takes the place of one that has no call under way and whose guards are as good as
// new: a breaker that is closed and has seen no failure for longer than its window
// and open time, or that nobody has probed for as long; a full bucket, an empty
// bulkhead. Where none is found among a few that are looked at, the new key's call
// passes guards that all keys without a place share. Those count and never refuse:
// the failures of some new keys must not refuse the calls of others.
func (k *KeyedMethod[K]) For(key K) *Method {
	t := k.table
	s := t.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := t.entry(s, key)
	e.pins.Add(1)
	if e.methods[k.index] == nil {
		m := new(Method)
		m.equip(k.plan, e)
		e.methods[k.index] = m
	}
	return e.methods[k.index]
}

// An entry holds what is kept for one key.
type entry struct {
	client  *Client
	key     interface{ get() any } // nil for the overflow
	pins    atomic.Int32           // calls under way
	gone    atomic.Bool            // has lost its place
	touched atomic.Bool            // a call has ended since an insert last looked
	used    atomic.Int64           // when an open breaker last had to do with a call, by client.now
	budget  atomic.Pointer[half]
	guards  []guard   // made when first needed, by their pools' indexes
	methods []*Method // likewise, by their plans' indexes
}

// A held is the entry of a key.
type held[K comparable] struct {
	entry
	of K
}

func (h *held[K]) get() any { return h.of }

// unpin ends a call's hold on the entry.
func (e *entry) unpin() {
	if e != nil {
		if !e.touched.Load() { // that costs less than a clock reading
			e.touched.Store(true)
		}
		e.pins.Add(-1)
	}
}

// use notes when an open breaker has had to do with a call.
func (e *entry) use(now time.Duration) {
	if e != nil {
		e.used.Store(int64(now))
	}
}

// isOverflow reports whether the entry is that of keys without a place, or of calls
// without a key.
func (e *entry) isOverflow() bool { return e == nil || e.key == nil }

// idle reports whether nothing is lost by forgetting the entry.
func (e *entry) idle(now time.Duration) bool {
	if e.pins.Load() > 0 {
		return false
	}
	used := time.Duration(e.used.Load())
	for _, g := range e.guards {
		if g != nil && !g.idle(now, used) {
			return false
		}
	}
	own := e.budget.Load()
	return own == nil || e.client.budget.idle(own, now)
}

// forget takes the entry's breakers out of what is known of states.
func (e *entry) forget() {
	e.gone.Store(true)
	for _, g := range e.guards {
		if c, ok := g.(*CircuitBreaker); ok {
			c.pool.mu.Lock()
			c.pool.keys.forget(c)
			c.pool.mu.Unlock()
		}
	}
}

// half returns what the key may spend of the client's budget, nil where there are
// no keys.
func (e *entry) half() *half {
	if e == nil {
		return nil
	}
	if e.budget.Load() == nil {
		e.budget.CompareAndSwap(nil, newHalf(e.client.now()))
	}
	return e.budget.Load()
}

// A table is the keyed state of a client for keys of one type.
type table[K comparable] struct {
	client     *Client
	plans      int
	bound      atomic.Int64
	size       atomic.Int64
	seed       maphash.Seed
	shards     []shard[K]
	overflow   *entry
	overflowed atomic.Uint64 // calls that had to share it
}

// A shard is a part of the keys, under a lock of its own.
type shard[K comparable] struct {
	mu      sync.Mutex
	entries map[K]*held[K]
	ring    []*held[K] // the same, for the hand that looks for idle ones
	hand    int
}

const (
	maxShards = 64
	examined  = 16 // entries that an insert looks at for one to evict
)

// add makes room for a method in the table's entries. New calls it, before the
// table is used.
func (t *table[K]) add(p *plan) (index int) {
	keyed := false
	for pool := range p.pools {
		at := pool.place()
		if !at.scope.keyed() {
			continue
		}
		keyed = true
		if at.table == nil {
			at.table, at.index = t, len(t.overflow.guards)
			t.overflow.guards = append(t.overflow.guards, pool.overflow())
		}
		if at.table != keyTable(t) {
			panic(fmt.Sprintf("resil: %s of %s is kept by two types of key", at.name, p.fullName))
		}
		t.bound.Store(max(t.bound.Load(), int64(at.scope.Keys)))
	}
	if !keyed {
		panic(fmt.Sprintf("resil: no guard of %s is kept by key", p.fullName))
	}
	t.shards = make([]shard[K], min(1<<bits.Len64(uint64(t.bound.Load()/256)), maxShards))
	m := new(Method)
	m.equip(p, t.overflow)
	t.overflow.methods = append(t.overflow.methods, m)
	t.plans++
	return t.plans - 1
}

func (t *table[K]) shard(key K) *shard[K] {
	return &t.shards[maphash.Comparable(t.seed, key)%uint64(len(t.shards))]
}

// entry returns key's entry or, for a new key that finds no place, the overflow.
// The caller holds s.mu.
func (t *table[K]) entry(s *shard[K], key K) *entry {
	if h, ok := s.entries[key]; ok {
		return &h.entry
	}
	if t.size.Add(1) > t.bound.Load() && !t.evict(s) || key != key { // a NaN would never be found again
		t.size.Add(-1)
		t.overflowed.Add(1)
		return t.overflow
	}
	if t.size.Load() > t.bound.Load() { // keys that were given a place beyond it by hand
		t.evict(s)
	}
	return &t.insert(s, key).entry
}

// insert gives a new key its place. The caller holds s.mu.
func (t *table[K]) insert(s *shard[K], key K) *held[K] {
	if s.entries == nil {
		s.entries = map[K]*held[K]{}
	}
	h := &held[K]{of: key, entry: entry{
		client:  t.client,
		guards:  make([]guard, len(t.overflow.guards)),
		methods: make([]*Method, t.plans),
	}}
	h.key = h
	s.entries[key] = h
	s.ring = append(s.ring, h)
	return h
}

// evict forgets, of the idle ones among the next few entries of a shard, that which
// has not been used for longest.
func (t *table[K]) evict(s *shard[K]) (found bool) {
	now := t.client.now()
	at, used := -1, int64(0)
	for range min(examined, len(s.ring)) {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		h := s.ring[s.hand]
		last := h.used.Load()
		if h.touched.Swap(false) {
			last = int64(now) // later than those that no call has had to do with since
		}
		if h.idle(now) && (at < 0 || last < used) {
			at, used = s.hand, last
		}
		s.hand++
	}
	if at < 0 {
		return false
	}
	h := s.ring[at]
	delete(s.entries, h.of)
	h.forget()
	last := len(s.ring) - 1
	s.ring[at] = s.ring[last]
	s.ring = slices.Delete(s.ring, last, last+1)
	t.size.Add(-1)
	return true
}

// lookup returns a pool's guard for a key, for manual control and stats. For
// lookupHeld it returns nil for a key that is not held, and it returns what keys
// without a place share for one that cannot be found again.
func (t *table[K]) lookup(pool anyPool, key any, how lookup) guard {
	k, ok := key.(K)
	if !ok {
		panic(fmt.Sprintf("resil: %s of client %s is kept by %s, not by %T", pool.place().name, t.client.name, reflect.TypeFor[K](), key))
	}
	s := t.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.entries[k]
	if !ok {
		switch {
		case how == lookupHeld:
			return nil
		case k != k: // a NaN
			return pool.overflow()
		}
		t.size.Add(1)
		h = t.insert(s, k)
		h.used.Store(int64(t.client.now())) // it is about to be
	}
	if how == lookupPinned {
		h.pins.Add(1)
	}
	return pool.instance(&h.entry)
}

// each calls f for the guards of a pool, under the lock of their shards.
func (t *table[K]) each(pool anyPool, f func(guard)) {
	at := pool.place().index
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for _, h := range s.ring {
			if g := h.guards[at]; g != nil {
				f(g)
			}
		}
		s.mu.Unlock()
	}
}

// parts yields the guards of a pool, shard by shard. It holds no lock while it yields, and
// uses the slice again.
func (t *table[K]) parts(pool anyPool) iter.Seq[[]guard] {
	return func(yield func([]guard) bool) {
		var part []guard
		at := pool.place().index
		for i := range t.shards {
			s := &t.shards[i]
			part = part[:0]
			s.mu.Lock()
			for _, h := range s.ring {
				if g := h.guards[at]; g != nil {
					part = append(part, g)
				}
			}
			s.mu.Unlock()
			if !yield(part) {
				return
			}
		}
	}
}

// setBound changes how many keys are held. Those beyond it go as new ones come.
func (t *table[K]) setBound(keys int64) { t.bound.Store(keys) }

// count returns how many keys are held, and how many calls had to share the
// overflow because there was no place for theirs.
func (t *table[K]) count() (held int, overflowed uint64) {
	return int(t.size.Load()), t.overflowed.Load()
}
