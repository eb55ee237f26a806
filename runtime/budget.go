package resil

import (
	"sync"
	"sync/atomic"
	"time"
)

// A budget is a client's allowance of retries, a token bucket of 100. Every
// answered call deposits a share of a token, every retry takes one. Ten tokens a
// second come of themselves, so that a quiet client can still retry. (After
// Finagle's RetryBudget.)
type budget struct {
	share    Ratio // that an answered call deposits
	capacity int64 // in ppm of a token, as all amounts here
	tokens   atomic.Int64
	mu       sync.Mutex // guards refilled
	refilled time.Duration
}

const (
	token          = int64(hundredPercent)
	budgetCapacity = 100 * token
	budgetSeconds  = 10 // that an empty bucket takes to fill by itself
)

// newBudget returns a full one.
func newBudget(share Ratio, capacity int64, now time.Duration) *budget {
	b := &budget{share: share, capacity: capacity, refilled: now}
	b.tokens.Store(capacity)
	return b
}

// deposit adds an answered call's share. It is on the path of every success, so
// that a full bucket costs a load.
func (b *budget) deposit() {
	if b != nil && b.tokens.Load() < b.capacity {
		b.add(int64(b.share))
	}
}

func (b *budget) add(tokens int64) {
	for {
		have := b.tokens.Load()
		if b.tokens.CompareAndSwap(have, min(have+tokens, b.capacity)) {
			return
		}
	}
}

// refill adds what has come of itself until now.
func (b *budget) refill(now time.Duration) {
	each := budgetSeconds * time.Second / time.Duration(b.capacity) // that one ppm takes
	b.mu.Lock()
	n := max(now-b.refilled, 0) / each
	b.refilled += n * each
	b.mu.Unlock()
	if n > 0 {
		b.add(min(int64(n), b.capacity))
	}
}

// spend takes a token, or reports that there is none.
func (b *budget) spend(now time.Duration) bool {
	b.refill(now)
	for {
		have := b.tokens.Load()
		if have < token {
			return false
		}
		if b.tokens.CompareAndSwap(have, have-token) {
			return true
		}
	}
}

// full reports whether the bucket is as good as new.
func (b *budget) full(now time.Duration) bool {
	b.refill(now)
	return b.tokens.Load() >= b.capacity
}
