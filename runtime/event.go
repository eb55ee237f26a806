package resil

import (
	"context"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// An EventKind says what happened.
type EventKind uint8

const (
	EventAttemptEnded   EventKind = iota // Method, Attempt, Hedge, Class, Err, Elapsed
	EventRetryScheduled                  // Method, Attempt (the next), Class, Err, Delay
	EventHedgeStarted                    // Method, Attempt, Delay
	EventRefused                         // Method, Attempt (the refused one), Hedge, Guard, GuardName, Mode, Err
	EventCallEnded                       // Method, Attempt (the number made), Retries, Outcome, Err, Elapsed
	EventFellBack                        // Method, Err (the cause); the fallback is about to answer
	EventStateChanged                    // Seq, Breaker, Key, From, To, Mode, Opening
	EventApplied                         // Seq, Changes
	EventChaos                           // Method, Attempt, Fault, Delay (of a latency), Err (of an error)
	EventObserved                        // Method, Guard, Mode, and as the guard has it: Attempt, Class, Err, Delay, Elapsed
	EventFleet                           // Seq, Fleet, Err
)

var eventNames = directive.Enum[EventKind]{"attempt ended", "retry scheduled", "hedge started", "refused", "call ended", "fell back", "state changed", "applied", "chaos", "observed", "fleet"}

func (k EventKind) String() string { return eventNames.Text(k) }

// A GuardKind is a kind of guard. Those with a state of their own refuse attempts; the
// others are in events of what they would do if they did more than observe.
type GuardKind uint8

const (
	GuardBreaker  GuardKind = iota // a circuit breaker
	GuardLimit                     // a rate limit
	GuardBulkhead                  // a bulkhead
	GuardTimeout                   // a timeout: Attempt, 0 for the whole call, took Elapsed
	GuardRetry                     // a retry: Attempt would follow after Delay
	GuardHedge                     // a hedge: Attempt would start after Delay
)

var guardNames = directive.Enum[GuardKind]{"breaker", "limit", "bulkhead", "timeout", "retry", "hedge"}

func (g GuardKind) String() string { return guardNames.Text(g) }

// An Event is one thing that happened in a client. Its kind tells which of the
// fields after Client are set; the others are zero.
type Event struct {
	Kind   EventKind // what happened
	Client string    // the client's name

	Method  string        // without the client's name
	Attempt int           // its number from 1; of a call that ended, how many were made
	Class   Class         // of the attempt
	Outcome Outcome       // of the call
	Err     error         // of the attempt or the call; nil for none, and for an attempt that passed a guard
	Hedge   bool          // of an attempt that ended or was refused: it was started beside a slow one
	Retries int           // of a call that ended: its attempts after a failed one; hedges do not count
	Elapsed time.Duration // of the attempt or the call
	Delay   time.Duration // before the next attempt, or from the first attempt to the hedge

	Fault FaultKind // that the attempt has met: see [WithChaos]

	Guard     GuardKind // that refused the attempt, or would do something
	GuardName string    // its name
	Mode      Mode      // of a refusal, ModeObserve where the attempt passed all the same, as with [Bypass]; of a change, the breaker's

	Seq     uint64      // counts up from 1 in the order of changes; a gap is what was dropped
	Breaker string      // the breaker's name
	Key     any         // of the breaker; nil where it is not kept by key
	From    State       // before the change
	To      State       // after the change
	Opening *Opening    // why, where To is StateOpen or StateForcedOpen, or StateHalfOpen on suspicion; not to be changed
	Changes []Change    // that overrides have brought; not to be changed
	Fleet   FleetStatus // of the client's fleet, which has changed; or FleetConnected, where Err says why an order is refused
}

// event tells the observers of something in m's call.
func (m *Method) event(ctx context.Context, e *Event) {
	e.Client, e.Method = m.client.name, m.name
	m.events.tell(ctx, e)
}

// refused tells the observers that a guard refuses an attempt of c, with err, or lets
// it pass though it refuses such attempts.
func (c *call) refused(guard GuardKind, mode Mode, err error) {
	m := c.method
	e := Event{Kind: EventRefused, Guard: guard, Mode: mode, Err: err, Attempt: c.attempts + 1, Hedge: c.hedge}
	switch guard {
	case GuardBreaker:
		e.GuardName = m.breakers.name
	case GuardLimit:
		e.GuardName = m.limits.name
	case GuardBulkhead:
		e.GuardName = m.bulkheads.name
	}
	m.event(c.caller, &e)
}
