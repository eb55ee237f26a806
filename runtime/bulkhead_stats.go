package resil

// BulkheadStats describes one bulkhead at the time of the snapshot. Of a bulkhead that is
// kept by key it describes one key, or, where no key is asked for, all keys together: then
// only Name, Calls, Mode, InUse, Waiting and the last three fields are set.
type BulkheadStats struct {
	Name  string
	Key   any  // the key that was asked for; nil for none
	Calls int  // places there are, in force
	Mode  Mode // in force

	// Of all keys together, the sums over the keys held.
	InUse   int // attempts that have a place; more than Calls after Calls was lowered
	Waiting int // attempts that wait for a place

	Keyed      bool   // kept by key, and no key was asked for
	Keys       int    // keys held
	Overflowed uint64 // calls whose key found no place, and that shared one
}

// base are the stats that all instances share.
func (g *bulkheads) base() BulkheadStats {
	policy := g.policy.Load()
	return BulkheadStats{Name: g.name, Calls: policy.Calls, Mode: policy.Mode}
}

func (g *bulkheads) stats() BulkheadStats {
	g.client.mu.Lock()
	defer g.client.mu.Unlock()
	if g.table == nil {
		return g.shared.stats(nil)
	}
	s := g.base()
	s.Keyed = true
	s.Keys, s.Overflowed = g.table.count()
	for part := range g.table.parts(g) {
		for _, b := range part {
			own := b.(*bulkhead).stats(nil)
			s.InUse += own.InUse
			s.Waiting += own.Waiting
		}
	}
	return s
}

// keyStats are those of one key. A key that is not held has an empty bulkhead.
func (g *bulkheads) keyStats(key any) BulkheadStats {
	if b, ok := g.lookup(key, lookupHeld); ok {
		return b.stats(key)
	}
	s := g.base()
	s.Key = key
	return s
}

func (b *bulkhead) stats(key any) BulkheadStats {
	s := b.pool.base()
	load := b.load.Load()
	s.Key, s.InUse, s.Waiting = key, int(load%oneWaiting), int(load/oneWaiting)
	return s
}
