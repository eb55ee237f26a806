package resil

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// An Observer is told what happens in a client. It is called by one goroutine at a
// time, in the order of Event.Seq, with the context of the call that caused the event.
// As a rule the goroutine is that of the call, which waits; else it is another one,
// and the call may have returned before. Events are queued, without a bound, while the
// observer is slower than they come. It may use the client. A panic in it is dropped.
type Observer func(ctx context.Context, e Event)

// WithObserver sets o as the function that is called for each event of the client. A
// client has one observer: [New] fails where a second one is given. Without one, or with nil, events cost nothing.
func WithObserver(o Observer) Option {
	return func(opts *options) {
		if o != nil {
			opts.observers = append(opts.observers, o)
		}
	}
}

// An EventKind says what happened.
type EventKind uint8

const (
	EventAttemptEnded   EventKind = iota // Method, Attempt, Class, Err, Elapsed
	EventRetryScheduled                  // Method, Attempt (the next), Class, Err, Delay
	EventHedgeStarted                    // Method, Attempt, Delay
	EventCallEnded                       // Method, Attempt (the number made), Outcome, Err, Elapsed
	EventStateChanged                    // Breaker, Key, From, To, Opening
)

var eventNames = directive.Enum[EventKind]{"attempt ended", "retry scheduled", "hedge started", "call ended", "state changed"}

func (k EventKind) String() string { return eventNames.Text(k) }

// An Event is one thing that happened in a client. Its kind tells which of the
// fields after Client are set; the others are zero.
type Event struct {
	Seq    uint64    // counts up from 1 without gaps, in the order of events
	Kind   EventKind // what happened
	Client string    // the client's name

	Method  string        // without the client's name
	Attempt int           // its number from 1; of a call that ended, how many were made
	Class   Class         // of the attempt
	Outcome Outcome       // of the call
	Err     error         // of the attempt or the call; nil for none
	Elapsed time.Duration // of the attempt or the call
	Delay   time.Duration // before the next attempt, or from the first attempt to the hedge

	Breaker string   // the breaker's name
	Key     any      // of the breaker; nil where it is not kept by key
	From    State    // before the change
	To      State    // after the change
	Opening *Opening // why, where To is StateOpen or StateForcedOpen; not to be changed
}

// events are those of a client with an observer. They are added wherever they
// happen, under locks too, and delivered outside them by one goroutine at a
// time.
type events struct {
	observe Observer

	mu         sync.Mutex
	seq        uint64
	queue      []observed
	spare      []observed // to be the queue while the other is delivered
	delivering bool
}

type observed struct {
	ctx   context.Context
	event Event
}

// add queues an event. It never calls the observer.
func (q *events) add(ctx context.Context, e Event) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seq++
	e.Seq = q.seq
	q.queue = append(q.queue, observed{ctx, e})
}

// deliver hands over what is queued, unless another goroutine does so already.
// What is added meanwhile is left to a goroutine of its own, so that no caller has
// to deliver for all others.
func (q *events) deliver() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.delivering || len(q.queue) == 0 {
		return
	}
	q.delivering = true
	q.flush()
	for range 4 { // what the observer itself has brought about, as a rule
		if len(q.queue) > 0 && len(q.queue) < 8 {
			q.flush()
		}
	}
	if len(q.queue) == 0 {
		q.delivering = false
		return
	}
	go q.drain()
}

// drain delivers until nothing is left.
func (q *events) drain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) > 0 {
		q.flush()
	}
	q.delivering = false
}

// flush calls the observer with what is queued, without the lock. If the observer
// ends its goroutine, the rest is queued again for the next delivery.
func (q *events) flush() {
	batch, done := q.queue, 0
	q.queue, q.spare = q.spare[:0], nil
	returned := false
	defer func() {
		q.mu.Lock()
		if !returned {
			q.queue = append(slices.Clone(batch[done:]), q.queue...)
			q.delivering = false
		}
		clear(batch)
		q.spare = batch
	}()
	q.mu.Unlock()
	for _, o := range batch {
		done++
		q.call(o)
	}
	returned = true
}

// call calls the observer. A panic of the observer must not break the call that the
// event is about.
func (q *events) call(o observed) {
	defer func() { recover() }()
	q.observe(o.ctx, o.event)
}

// event tells of something in m's call.
func (m *Method) event(ctx context.Context, e Event) {
	e.Client, e.Method = m.client.name, m.name
	m.events.add(ctx, e)
	m.events.deliver()
}
