package resil

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// bulkheads are a bulkhead as declared, with all its instances.
type bulkheads struct {
	group
	policy Bulkhead
}

func newBulkheads(c *Client, name string, policy Bulkhead) *bulkheads {
	g := &bulkheads{policy: policy}
	g.group = group{name: name, client: c, scope: policy.Scope, fresh: func(*entry) guard {
		return &bulkhead{group: g, permits: semaphore.NewWeighted(int64(policy.Calls))}
	}}
	g.one = g.fresh(nil)
	return g
}

// A bulkhead bounds the attempts that are in the callee at once.
type bulkhead struct {
	group   *bulkheads
	permits *semaphore.Weighted
}

// enter takes a permit if there is one.
func (b *bulkhead) enter() bool { return b.permits.TryAcquire(1) }

// await takes a permit within the bulkhead's patience and ctx's deadline.
func (b *bulkhead) await(ctx context.Context) bool {
	if b.group.policy.Wait <= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, b.group.policy.Wait)
	defer cancel()
	return b.permits.Acquire(ctx, 1) == nil
}

// leave gives a permit back.
func (b *bulkhead) leave() { b.permits.Release(1) }

// idle is true: a key without calls holds no permit.
func (b *bulkhead) idle(_, _ time.Duration) bool { return true }
