package simulation

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrFault is what a backend answers in a fault of that kind.
var ErrFault = errors.New("the backend is failing")

// ErrFull is what a backend answers whose queue is full.
var ErrFull = errors.New("the backend's queue is full")

// A Backend serves calls with a bounded number of workers. What finds no worker
// waits in a queue, and is served even after its caller has gone: that is the work
// which an overloaded server does for nobody.
type Backend struct {
	Workers int
	Takes   time.Duration                               // of a worker, for each call
	Queue   int                                         // calls that may wait; more are answered with ErrFull
	Faulty  func(at time.Duration) (faulty, hangs bool) // what is wrong, by the time since the start; nil for nothing

	// Capacity is the share of workers at work, from 0 to 1, by the time since the
	// start; nil for all of them. A backend that has been restarted warms up so.
	Capacity func(at time.Duration) float64

	mu      sync.Mutex
	started time.Time
	busy    int
	waiting []chan struct{}
	stalled bool
}

// start begins the backend's time.
func (b *Backend) start() { b.started = time.Now() }

// PerSecond is how many calls a second the backend can serve.
func (b *Backend) PerSecond() float64 {
	return float64(b.Workers) * float64(time.Second) / float64(b.Takes)
}

func (b *Backend) workers(at time.Duration) int {
	if b.Capacity == nil {
		return b.Workers
	}
	return max(int(b.Capacity(at)*float64(b.Workers)), 1)
}

// serve answers one call: nil, an error of the backend's, or ctx's error where the
// caller has gone before.
func (b *Backend) serve(ctx context.Context) error {
	at := time.Since(b.started)
	faulty, hangs := false, false
	if b.Faulty != nil {
		faulty, hangs = b.Faulty(at)
	}
	if faulty && !hangs {
		return ErrFault
	}
	b.mu.Lock()
	if len(b.waiting) >= b.Queue {
		b.mu.Unlock()
		return ErrFull
	}
	done := make(chan struct{})
	b.waiting = append(b.waiting, done)
	b.mu.Unlock()
	b.work()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work gives waiting calls to free workers. While the backend hangs nobody works; a
// timer looks again.
func (b *Backend) work() {
	at := time.Since(b.started)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Faulty != nil {
		if faulty, hangs := b.Faulty(at); faulty && hangs {
			if !b.stalled {
				b.stalled = true
				time.AfterFunc(10*time.Millisecond, func() {
					b.mu.Lock()
					b.stalled = false
					b.mu.Unlock()
					b.work()
				})
			}
			return
		}
	}
	for b.busy < b.workers(at) && len(b.waiting) > 0 {
		done := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.busy++
		time.AfterFunc(b.Takes, func() {
			close(done)
			b.mu.Lock()
			b.busy--
			b.mu.Unlock()
			b.work()
		})
	}
}
