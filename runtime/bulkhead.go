package resil

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// bulkheads are a bulkhead as declared, with all its instances.
type bulkheads struct {
	pool[*bulkhead]
	policy Bulkhead
}

func newBulkheads(c *Client, policy Bulkhead) *bulkheads {
	g := &bulkheads{policy: policy}
	g.init(c, &policy, func(*entry) *bulkhead {
		return &bulkhead{pool: g, permits: semaphore.NewWeighted(int64(policy.Calls))}
	})
	return g
}

// A bulkhead bounds the attempts that are in the callee at once.
type bulkhead struct {
	pool    *bulkheads
	permits *semaphore.Weighted
}

// enter takes a permit if there is one.
func (b *bulkhead) enter() bool { return b.permits.TryAcquire(1) }

// await takes a permit within the bulkhead's patience and ctx's deadline.
func (b *bulkhead) await(ctx context.Context) bool {
	if b.pool.policy.Wait <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, b.pool.policy.Wait)
	defer cancel()
	return b.permits.Acquire(ctx, 1) == nil
}

// leave gives a permit back.
func (b *bulkhead) leave() { b.permits.Release(1) }

// idle is true: a key without calls holds no permit.
func (b *bulkhead) idle(_, _ time.Duration) bool { return true }
