package lease

import (
	"math"
	"time"
)

// A Bucket does what a store does for one limit: it holds the tokens that all processes
// share, and knows which of them have asked of late. It is the model of the stores that
// fleets use, for tests and simulations. The zero Bucket is full.
type Bucket struct {
	used   bool
	tokens float64
	at     time.Duration
	askers map[int]time.Duration // that have asked of late, and when they did last
	asks   []ask                 // of late, oldest first
}

type ask struct {
	at  time.Duration
	who int
}

// Recent is how long a process counts as one that asks.
const Recent = 5 * TTL

// Take grants process who up to want tokens of a limit of rate tokens a second with a depth
// as [Depth] has it.
func (b *Bucket) Take(now time.Duration, rate float64, depth, want, who int) Grant {
	if !b.used {
		b.used, b.tokens, b.at, b.askers = true, float64(depth), now, map[int]time.Duration{}
	}
	b.tokens = min(b.tokens+max(now-b.at, 0).Seconds()*rate, float64(depth))
	b.at = now
	tokens := min(want, int(math.Floor(b.tokens)))
	b.tokens -= float64(tokens)
	b.askers[who] = now
	b.asks = append(b.asks, ask{now, who})
	for now-b.asks[0].at > Recent {
		if old := b.asks[0]; b.askers[old.who] == old.at {
			delete(b.askers, old.who)
		}
		b.asks = b.asks[1:]
	}
	return Grant{Tokens: tokens, Busy: len(b.askers), Next: seconds(max(1-b.tokens, 0) / rate)}
}
