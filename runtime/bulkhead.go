package resil

import (
	"context"
	"sync/atomic"
	"time"
)

// bulkheads are a bulkhead as declared, with all its instances.
type bulkheads struct {
	pool[*bulkhead]
	policy atomic.Pointer[Bulkhead] // in force; not to be changed
}

func newBulkheads(c *Client, policy Bulkhead) *bulkheads {
	g := new(bulkheads)
	g.policy.Store(&policy)
	g.init(c, &policy, func(*entry) *bulkhead { return &bulkhead{pool: g} })
	return g
}

// apply puts a policy in force, and lets in those who wait for what it adds.
func (g *bulkheads) apply(policy *Bulkhead) {
	g.policy.Store(policy)
	g.mode.Store(uint32(policy.Mode))
	g.each(func(b *bulkhead) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.fill()
	})
}

// A bulkhead bounds the attempts that are in the callee at once.
//
// While somebody waits, load is above any number of calls, so that enter leaves the
// free places to the line. To enter and to leave cost an atomic operation each as
// long as nobody waits.
type bulkhead struct {
	pool *bulkheads
	load atomic.Int64 // attempts that have a place, and oneWaiting for each that waits
	line
}

const oneWaiting = 1 << 32

// enter takes a place if one is free and nobody waits for it.
func (b *bulkhead) enter() bool {
	for {
		load := b.load.Load()
		if load >= int64(b.pool.policy.Load().Calls) {
			return false
		}
		if b.load.CompareAndSwap(load, load+1) {
			return true
		}
	}
}

// refusing reports whether the bulkhead refuses attempts at once: no place is free
// and none may be waited for. It takes nothing.
func (b *bulkhead) refusing() bool {
	policy := b.pool.policy.Load()
	load := b.load.Load()
	return load >= int64(policy.Calls) &&
		(policy.Wait <= 0 || policy.Queue > 0 && load/oneWaiting >= int64(policy.Queue))
}

// await takes a place within the bulkhead's patience and ctx's life.
func (b *bulkhead) await(ctx context.Context) bool {
	b.mu.Lock()
	if b.refusing() {
		b.mu.Unlock()
		return false
	}
	place := b.join()
	b.load.Add(oneWaiting)
	b.fill() // who left before load was raised has not seen that somebody waits
	b.mu.Unlock()

	b.wait(ctx, place, b.pool.policy.Load().Wait)
	dead := ctx.Err() != nil
	b.mu.Lock()
	quit := b.quit(place)
	if quit {
		b.load.Add(-oneWaiting)
	}
	b.mu.Unlock()
	if !quit && dead {
		b.leave()
	}
	return !quit && !dead
}

// leave gives a place back.
func (b *bulkhead) leave() {
	if b.load.Add(-1) >= oneWaiting {
		b.mu.Lock()
		b.fill()
		b.mu.Unlock()
	}
}

// fill gives the free places to the first in the line. The caller holds mu.
func (b *bulkhead) fill() {
	for b.waiters.Len() > 0 && b.load.Load()%oneWaiting < int64(b.pool.policy.Load().Calls) {
		b.load.Add(1 - oneWaiting)
		b.admit()
	}
}

// idle is true: a key without calls has nobody in its bulkhead.
func (b *bulkhead) idle(_, _ time.Duration) bool { return true }
