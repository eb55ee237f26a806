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
	deposited Ratio        // by each answered call
	tokens    atomic.Int64 // in ppm of a token
	mu        sync.Mutex   // guards refilled
	refilled  time.Duration
}

const (
	token          = int64(whole)
	budgetCapacity = 100 * token
	budgetFloor    = 10 * token // a second
)

func newBudget(share Ratio) *budget {
	b := &budget{deposited: share}
	b.tokens.Store(budgetCapacity)
	return b
}

// deposit adds an answered call's share. It is on the path of every success, so
// that a full bucket costs a load.
func (b *budget) deposit() {
	if b != nil && b.tokens.Load() < budgetCapacity {
		b.add(int64(b.deposited))
	}
}

func (b *budget) add(tokens int64) {
	for {
		have := b.tokens.Load()
		if b.tokens.CompareAndSwap(have, min(have+tokens, budgetCapacity)) {
			return
		}
	}
}

// spend takes a token at the given time, or reports that there is none.
func (b *budget) spend(now time.Duration) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	elapsed := min(now-b.refilled, time.Duration(budgetCapacity/budgetFloor)*time.Second)
	b.refilled = now
	b.mu.Unlock()
	if elapsed > 0 {
		b.add(int64(elapsed) * budgetFloor / int64(time.Second))
	}
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
