package resil

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// A line is callers who wait for something that comes for one at a time. Who came
// first gets it first. Nobody in it holds anything, so that whoever leaves it
// leaves nothing behind.
type line struct {
	mu      sync.Mutex // guards the line and what its owner keeps beside it
	waiters list.List  // of chan struct{}, closed when its caller is admitted
}

// join takes the last place in the line. The caller holds mu.
func (q *line) join() (place *list.Element) {
	return q.waiters.PushBack(make(chan struct{}))
}

// admit lets the first in the line go. The caller holds mu.
func (q *line) admit() {
	close(q.waiters.Remove(q.waiters.Front()).(chan struct{}))
}

// wait returns when the caller at place is admitted, when patience is over or when
// ctx has ended.
func (q *line) wait(ctx context.Context, place *list.Element, patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-place.Value.(chan struct{}):
	case <-timer.C:
	case <-ctx.Done():
	}
}

// quit gives a place up. It reports false if its caller was admitted before, and has
// what it waited for. The caller holds mu.
func (q *line) quit(place *list.Element) bool {
	select {
	case <-place.Value.(chan struct{}):
		return false
	default:
		q.waiters.Remove(place)
		return true
	}
}
