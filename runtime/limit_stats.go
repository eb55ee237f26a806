package resil

import "time"

// LimitStats describes one rate limit at the time of the snapshot. Of a limit that is kept
// by key it describes one key, or, where no key is asked for, all keys together: then only
// Name, Rate, Burst, Mode, Extent, Waiting and the last three fields are set.
type LimitStats struct {
	Name  string
	Key   any  // the key that was asked for; nil for none
	Rate  Rate // in force
	Burst int  // in force
	Mode  Mode // in force

	Extent  Extent        // whose calls it counts
	Tokens  int           // attempts that it would admit at once: in the bucket or, of a fleet's limit, of the lease
	Waiting int           // attempts that wait for a token; of all keys together, their sum
	Held    time.Duration // how long a hint of the callee still holds all attempts back; 0 for none

	Keyed      bool   // kept by key, and no key was asked for
	Keys       int    // keys held
	Overflowed uint64 // calls whose key found no place, and that shared one
}

// base are the stats that all instances share.
func (g *limits) base() LimitStats {
	policy := g.policy.Load()
	return LimitStats{Name: g.name, Rate: policy.Rate, Burst: policy.Burst, Mode: policy.Mode, Extent: policy.Extent}
}

func (g *limits) stats() LimitStats {
	g.client.mu.Lock()
	defer g.client.mu.Unlock()
	if g.table == nil {
		return g.shared.stats(nil)
	}
	s := g.base()
	s.Keyed = true
	s.Keys, s.Overflowed = g.table.count()
	s.Waiting = int(g.waiting.Load())
	return s
}

// keyStats are those of one key. A key that is not held has a full bucket, or no lease.
func (g *limits) keyStats(key any) LimitStats {
	if l, ok := g.lookup(key, lookupHeld); ok {
		return l.stats(key)
	}
	s := g.base()
	s.Key = key
	if s.Extent == ExtentProcess {
		s.Tokens = s.Burst
	}
	return s
}

func (l *limiter) stats(key any) LimitStats {
	s := l.pool.base()
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	s.Key = key
	if l.leased != nil && !l.isLost(now) {
		s.Tokens = l.leased.lease.Tokens(now)
	} else {
		s.Tokens = int(max(l.bucket.TokensAt(l.at(now)), 0))
	}
	s.Waiting = l.waiters.Len()
	if now < l.held {
		s.Held = l.held - now
	}
	return s
}
