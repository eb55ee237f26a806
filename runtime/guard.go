package resil

import "time"

// A guard is a circuit, a limiter or a bulkhead.
type guard interface {
	// idle reports whether the guard, at the given time and last used at another,
	// is no different from a new one.
	idle(now, used time.Duration) bool
}

// A group is a guard as declared: one for the client or, where it is kept by
// key, one for each key.
type group struct {
	name   string
	client *Client
	scope  Scope
	fresh  func(e *entry) guard // e is nil for the client's
	one    guard                // the client's; where there are keys, the one that those without a place share

	table keyTable // nil unless kept by key
	index int      // in the table's entries
}

// A keyTable is a table without its type of key.
type keyTable interface {
	lookup(g *group, key any, create bool) guard
	count() (held int, overflowed uint64)
}

// of returns the group's guard for an entry, which may be nil. The caller holds
// the entry's shard.
func (g *group) of(e *entry) guard {
	if g.table == nil || e == nil {
		return g.one
	}
	if e.guards[g.index] == nil {
		e.guards[g.index] = g.fresh(e)
	}
	return e.guards[g.index]
}

// lookup returns the guard of a key for manual control and stats, or reports that
// the group is not kept by key. Without create it is nil for a key that is not
// held. The client may still be under construction elsewhere.
func (g *group) lookup(key any, create bool) (_ guard, kept bool) {
	g.client.mu.Lock()
	defer g.client.mu.Unlock()
	if g.table == nil {
		return nil, false
	}
	return g.table.lookup(g, key, create), true
}
