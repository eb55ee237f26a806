package resil

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
)

// An Observer is told what happens in a client.
//
// Events about calls come on the goroutine of their call, or of their hedge, with the
// call's context, while the call waits. Those of different calls come at the same time,
// so an observer must be safe for concurrent use.
//
// Changes of state come one at a time, in the order of their Seq, on a goroutine of
// their own: nobody waits for them. The context has the values of the call that caused the
// change, and no end. At most 1024 changes wait for a slow observer. Beyond that the oldest
// is dropped and counted in Stats. [Client.Flush] waits for them.
//
// An observer may use the client. A panic in it is dropped, and counted in Stats.
type Observer func(ctx context.Context, e Event)

// WithObserver has o called for each event of the client. It may be given any number of
// times: each observer is called, in the order of the options. A nil one is none. Without
// an observer, events cost nothing.
func WithObserver(o Observer) Option {
	return func(opts *options) {
		if o != nil {
			opts.observers = append(opts.observers, o)
		}
	}
}

// Flush waits until the observers have been told of all changes of state so far, or until
// ctx ends, whose error it returns then. It is for the end of a program and for tests. It
// may be called concurrently, but an observer that calls it while it is told of a change
// waits for itself.
func (c *Client) Flush(ctx context.Context) error {
	if c.events == nil {
		return nil
	}
	for _, l := range c.events.listeners {
		select {
		case <-l.reached():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// events are those of a client with observers.
type events struct {
	listeners []*listener
	mu        sync.Mutex
	seq       uint64
}

// newEvents returns nil for no observers.
func newEvents(observers []Observer) *events {
	if len(observers) == 0 {
		return nil
	}
	e := new(events)
	for _, o := range observers {
		e.listeners = append(e.listeners, &listener{observe: o})
	}
	return e
}

// tell hands e to the observers at once.
func (q *events) tell(ctx context.Context, e *Event) {
	for _, l := range q.listeners {
		l.tell(ctx, e)
	}
}

// add queues an event. It never calls an observer, so that locks may be held.
func (q *events) add(ctx context.Context, e Event) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seq++
	e.Seq = q.seq
	ctx = context.WithoutCancel(ctx)
	for _, l := range q.listeners {
		l.add(observed{ctx: ctx, event: e})
	}
}

// lost returns how many events were dropped, and how many times an observer has panicked.
func (q *events) lost() (dropped, panics uint64) {
	if q == nil {
		return 0, 0
	}
	for _, l := range q.listeners {
		dropped += l.dropped.Load()
		panics += l.panics.Load()
	}
	return dropped, panics
}

// maxQueued is how many changes of state may wait for an observer.
const maxQueued = 1024

// A listener is an observer with the changes of state that wait for it. Each has a queue
// of its own: one that is stuck keeps nothing from the others.
type listener struct {
	observe         Observer
	dropped, panics atomic.Uint64

	mu         sync.Mutex
	queue      list.List // of observed
	delivering bool      // by a goroutine of its own
}

type observed struct {
	ctx     context.Context
	event   Event
	reached chan struct{} // closed when all before it are delivered; nil for an event
}

// tell calls the observer. A panic of it must not break the call that the event is
// about.
func (l *listener) tell(ctx context.Context, e *Event) {
	defer func() {
		if recover() != nil {
			l.panics.Add(1)
		}
	}()
	l.observe(ctx, *e)
}

// add queues an event and has it delivered.
func (l *listener) add(o observed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue.PushBack(o)
	for l.queue.Len() > maxQueued {
		if oldest := l.queue.Remove(l.queue.Front()).(observed); oldest.reached != nil {
			close(oldest.reached)
		} else {
			l.dropped.Add(1)
		}
	}
	if !l.delivering {
		l.delivering = true
		go l.deliver()
	}
}

// reached returns a channel that is closed when all that is queued has been delivered.
func (l *listener) reached() <-chan struct{} {
	l.mu.Lock()
	delivering := l.delivering
	l.mu.Unlock()
	reached := make(chan struct{})
	if !delivering {
		close(reached)
		return reached
	}
	l.add(observed{reached: reached})
	return reached
}

// deliver hands over what is queued until nothing is left. An observer may end the
// goroutine.
func (l *listener) deliver() {
	exited := true
	defer func() {
		if exited {
			go l.deliver()
		}
	}()
	for {
		o, ok := l.next()
		switch {
		case !ok:
			exited = false
			return
		case o.reached != nil:
			close(o.reached)
		default:
			l.tell(o.ctx, &o.event)
		}
	}
}

// next takes the oldest from the queue. Without one, the delivery has ended.
func (l *listener) next() (o observed, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.Len() == 0 {
		l.delivering = false
		return o, false
	}
	return l.queue.Remove(l.queue.Front()).(observed), true
}
