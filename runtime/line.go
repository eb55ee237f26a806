package resil

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// A line holds callers who wait for a token or a place. The first to come is the first
// to get one. Callers in the line hold nothing, so that a caller who leaves it has
// nothing to give back.
type line struct {
	mu      sync.Mutex // guards the line and what its owner keeps beside it
	waiters list.List  // of chan struct{}, closed when its caller is admitted
}

// join takes the last place in the line. The caller holds mu.
func (q *line) join() (place *list.Element) {
	return q.waiters.PushBack(make(chan struct{}))
}

// admit removes the first from the line and wakes it. The caller holds mu.
func (q *line) admit() {
	close(q.waiters.Remove(q.waiters.Front()).(chan struct{}))
}

// wait returns when the caller at place is admitted, after patience, or when ctx ends.
func (q *line) wait(ctx context.Context, place *list.Element, patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-place.Value.(chan struct{}):
	case <-timer.C:
	case <-ctx.Done():
	}
}

// quit gives a place in the line up. It reports false if the waiting caller was
// admitted before. The caller of quit holds mu.
func (q *line) quit(place *list.Element) bool {
	select {
	case <-place.Value.(chan struct{}):
		return false
	default:
		q.waiters.Remove(place)
		return true
	}
}
