package resiltest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Recorder writes down what clients do. It is safe for concurrent use.
type Recorder struct {
	t     testing.TB
	start time.Time

	mu       sync.Mutex
	events   []Event
	contexts []context.Context
	asked    int     // of events, those that Want has compared
	changes  []Event // that WantChanges has not compared
}

// An Event is one that a [Recorder] was told of.
type Event struct {
	resil.Event
	At time.Duration // since the recorder was made
}

// NewRecorder returns a recorder that has seen nothing.
func NewRecorder(t testing.TB) *Recorder { return &Recorder{t: t, start: time.Now()} }

// Option is for the constructor of a wrapper. It may be given to several.
func (r *Recorder) Option() resil.Option {
	return both(resil.WithObserver(r.observe), resil.WithAttempts(r.attempt))
}

// both returns the option that is a and then b.
func both[O any](a, b func(*O)) func(*O) {
	return func(o *O) {
		a(o)
		b(o)
	}
}

func (r *Recorder) observe(_ context.Context, e resil.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := Event{e, time.Since(r.start)}
	r.events = append(r.events, own)
	if own.isChange() {
		r.changes = append(r.changes, own)
	}
}

func (r *Recorder) attempt(ctx context.Context, _ resil.AttemptInfo) (context.Context, func(resil.Verdict)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.contexts = append(r.contexts, ctx)
	return ctx, nil
}

// Events returns everything that the recorder was told of so far, in that order.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Contexts returns the contexts that the callee got so far, one for each attempt, with
// their deadlines and values.
func (r *Recorder) Contexts() []context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.contexts)
}

// Want compares what calls have done since the last Want with lines, and fails the test
// with a comparison where they differ. These are the lines:
//
//	attempt 1 infrastructure            it has ended, with this class
//	pause 100ms                         before the next attempt
//	hedge 2 after 50ms                  attempt 2 was started beside a slow one
//	attempt 2 refused by breaker Users  by a guard: breaker, limit or bulkhead, and its name
//	attempt 2 passes limit Users        the guard would refuse it, but only observes
//	chaos error                         the attempt meets this fault: error, latency or hang
//	would time out                      or retry, or hedge: a policy would that only observes
//	fallback                            is about to answer
//	call exhausted                      it has ended, with this outcome
//
// The word * stands for any word. A range such as 0s..100ms stands for any duration in it,
// both ends included: for pauses with jitter, and for tests in real time. A line may begin
// with the name of the method: "GetUser attempt 1 success". Lines of calls that ran at the
// same time come in the order in which things happened.
//
// Changes of state are not among the lines: see [Recorder.WantChanges].
func (r *Recorder) Want(lines ...string) {
	r.t.Helper()
	r.mu.Lock()
	var got []Event
	for _, e := range r.events[r.asked:] {
		if !e.isChange() {
			got = append(got, e)
		}
	}
	r.asked = len(r.events)
	r.mu.Unlock()
	r.compare("calls have done", got, lines)
}

// WantChanges compares the changes of state and of overrides since the last WantChanges
// with lines. They are apart from the lines of calls because no call waits for them: they
// are told on a goroutine of their own. WantChanges waits for those of wrapper, which is a
// generated wrapper or a [resil.Client]. It ends the test at once if it is not, so it must
// be called on the test's goroutine.
//
//	breaker Users open                 closed, half-open, forced-open, forced-closed
//	breaker Users[eu] open             of the key eu
//	applied Users: breaker open 30s → 5s
func (r *Recorder) WantChanges(wrapper any, lines ...string) {
	r.t.Helper()
	if err := clientOf(r.t, wrapper).Flush(r.t.Context()); err != nil {
		r.t.Fatalf("resiltest: waiting for changes of state: %v", err)
	}
	r.mu.Lock()
	got := r.changes
	r.changes = nil
	r.mu.Unlock()
	r.compare("has changed", got, lines)
}

func (r *Recorder) compare(what string, got []Event, lines []string) {
	r.t.Helper()
	if diff, equal := compare(got, lines); !equal {
		r.t.Errorf("resiltest: what %s (+) is not what the test wants (-):\n%s", what, diff)
	}
}

// isChange reports whether an event comes on a goroutine of its own.
func (e *Event) isChange() bool { return e.Seq != 0 }

// String returns the event's line.
func (e Event) String() string {
	if e.Method != "" {
		return e.Method + " " + e.short()
	}
	return e.short()
}

// short returns the event's line without the method.
func (e *Event) short() string {
	switch e.Kind {
	case resil.EventAttemptEnded:
		return fmt.Sprintf("attempt %d %s", e.Attempt, e.Class)
	case resil.EventRetryScheduled:
		return fmt.Sprintf("pause %v", e.Delay)
	case resil.EventHedgeStarted:
		return fmt.Sprintf("hedge %d after %v", e.Attempt, e.Delay)
	case resil.EventRefused:
		does := "refused by"
		if e.Mode == resil.ModeObserve {
			does = "passes"
		}
		return fmt.Sprintf("attempt %d %s %s %s", e.Attempt, does, e.Guard, e.GuardName)
	case resil.EventChaos:
		return fmt.Sprintf("chaos %s", e.Fault)
	case resil.EventObserved:
		if e.Guard == resil.GuardTimeout {
			return "would time out"
		}
		return fmt.Sprintf("would %s", e.Guard)
	case resil.EventFellBack:
		return "fallback"
	case resil.EventCallEnded:
		return fmt.Sprintf("call %s", e.Outcome)
	case resil.EventStateChanged:
		if e.Key != nil {
			return fmt.Sprintf("breaker %s[%v] %s", e.Breaker, e.Key, e.To)
		}
		return fmt.Sprintf("breaker %s %s", e.Breaker, e.To)
	case resil.EventApplied:
		line := "applied"
		for _, c := range e.Changes {
			line += " " + c.String()
		}
		return line
	}
	return e.Kind.String()
}
