package resil

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// LogObserver returns an observer that writes to l, or to [slog.Default] where l is nil. What
// it writes does not grow with the number of calls, unless debugging is on:
//
//	Warn   a breaker opens, also after a probe; it is forced; the retry budget is spent;
//	       faults on purpose have changed; the store of the fleet does not answer, or an
//	       order of the fleet is refused
//	Info   a breaker that only observes does one of these; a breaker closes, or is not
//	       forced any more; overrides have changed something; a fallback answers; the store
//	       of the fleet answers again
//	Debug  retries, hedges and refusals, also by policies that only observe; attempts that
//	       count against the callee; calls that fail; a breaker begins to probe; faults
//
// Of the lines at Warn and Info, each breaker has 10 of each level a minute at most, and each
// method one about the budget and one about fallbacks. The next line of the kind that is
// written has the number of those that were left out, as "omitted". So neither a breaker for
// each of many keys nor a callee that is down for a day fills the log. Successful calls are
// not written at all: see [Client.Stats].
//
// Each line has "event.name", such as resil.breaker.state_changed, and "client". The key of a
// breaker is in its lines. The observer is safe for concurrent use, and one may serve
// several clients.
func LogObserver(l *slog.Logger) Observer { return (&logger{to: l}).observe }

// A logger writes events.
type logger struct {
	to     *slog.Logger // nil for the default
	quotas sync.Map     // *quota by subject
}

// A subject is what has a quota of lines of its own.
type subject struct {
	client, name string // of a method or a breaker
	kind         EventKind
	level        slog.Level
}

func (l *logger) observe(ctx context.Context, e Event) {
	switch e.Kind {
	case EventStateChanged:
		l.stateChanged(ctx, &e)
	case EventApplied:
		l.applied(ctx, &e)
	case EventFleet:
		l.fleet(ctx, &e)
	case EventFellBack:
		l.write(ctx, &e, slog.LevelInfo, 1, "fallback answers", "resil.call.fell_back")
	case EventCallEnded:
		if e.Outcome == OutcomeBudget {
			l.write(ctx, &e, slog.LevelWarn, 1, "retry budget spent", "resil.budget.spent")
		} else if e.Outcome != OutcomeSucceeded && l.debugs(ctx) {
			l.detail(ctx, &e)
		}
	case EventAttemptEnded:
		if e.Class > Application && e.Class != Canceled && l.debugs(ctx) {
			l.detail(ctx, &e)
		}
	default:
		if l.debugs(ctx) {
			l.detail(ctx, &e)
		}
	}
}

// detail writes an event of a call at the level Debug.
func (l *logger) detail(ctx context.Context, e *Event) {
	attempt := slog.Int("attempt", e.Attempt)
	switch e.Kind {
	case EventAttemptEnded:
		l.debug(ctx, e, "attempt failed", "resil.attempt.failed", attempt, slog.String("class", e.Class.String()), slog.Duration("elapsed", e.Elapsed))
	case EventRetryScheduled:
		l.debug(ctx, e, "retry scheduled", "resil.retry.scheduled", attempt, slog.String("class", e.Class.String()), slog.Duration("delay", e.Delay))
	case EventHedgeStarted:
		l.debug(ctx, e, "hedge started", "resil.hedge.started", attempt, slog.Duration("delay", e.Delay))
	case EventChaos:
		l.debug(ctx, e, "fault injected", "resil.chaos.injected", attempt, slog.String("fault", e.Fault.String()), slog.Duration("delay", e.Delay))
	case EventObserved:
		l.debug(ctx, e, e.Guard.String()+" would act", "resil.call.observed", attempt,
			slog.String("guard", e.Guard.String()), slog.Duration("delay", e.Delay), slog.Duration("elapsed", e.Elapsed))
	case EventRefused:
		l.debug(ctx, e, "attempt refused", "resil.attempt.refused", attempt,
			slog.String("guard", e.Guard.String()), slog.String("name", e.GuardName), slog.String("mode", e.Mode.String()))
	case EventCallEnded:
		l.debug(ctx, e, "call failed", "resil.call.failed", slog.Int("attempts", e.Attempt), slog.String("outcome", e.Outcome.String()), slog.Duration("elapsed", e.Elapsed))
	}
}

func (l *logger) applied(ctx context.Context, e *Event) {
	changes := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		changes[i] = c.String()
	}
	if e.Changes[0].Directive == "chaos" {
		l.write(ctx, e, slog.LevelWarn, 10, "chaos has changed", "resil.chaos.changed", slog.Any("changes", changes))
		return
	}
	l.write(ctx, e, slog.LevelInfo, 10, "overrides applied", "resil.overrides.applied", slog.Any("changes", changes))
}

func (l *logger) fleet(ctx context.Context, e *Event) {
	switch {
	case e.Fleet == FleetDegraded:
		l.write(ctx, e, slog.LevelWarn, 10, "fleet degraded", "resil.fleet.degraded")
	case e.Err != nil:
		l.write(ctx, e, slog.LevelWarn, 10, "order of the fleet refused", "resil.fleet.order_refused")
	default:
		l.write(ctx, e, slog.LevelInfo, 10, "fleet connected", "resil.fleet.connected")
	}
}

func (l *logger) stateChanged(ctx context.Context, e *Event) {
	level, message := slog.LevelInfo, "circuit breaker closed"
	switch e.To {
	case StateOpen:
		level, message = slog.LevelWarn, "circuit breaker opened"
	case StateHalfOpen:
		level, message = slog.LevelDebug, "circuit breaker probes"
	case StateForcedOpen:
		level, message = slog.LevelWarn, "circuit breaker forced open"
	case StateForcedClosed:
		level, message = slog.LevelWarn, "circuit breaker forced closed"
	}
	if e.Mode == ModeObserve && level == slog.LevelWarn {
		level = slog.LevelInfo // it refuses nothing
	}
	attrs := []slog.Attr{slog.String("from", e.From.String()), slog.String("to", e.To.String())}
	if e.Mode == ModeObserve {
		attrs = append(attrs, slog.String("mode", e.Mode.String()))
	}
	if e.Key != nil {
		attrs = append(attrs, slog.Any("key", e.Key))
	}
	if why := e.Opening; why != nil {
		attrs = append(attrs, slog.String("rule", why.Rule.String()))
		if why.Rule != RuleForced {
			attrs = append(attrs, slog.Uint64("successes", why.Successes), slog.Uint64("failures", why.Failures), slog.Uint64("streak", why.Streak))
		}
		if why.Open > 0 {
			attrs = append(attrs, slog.Duration("open", why.Open))
		}
		if why.Err != nil {
			attrs = append(attrs, slog.Any("error", why.Err))
		}
	}
	const name = "resil.breaker.state_changed"
	if level == slog.LevelDebug {
		if l.debugs(ctx) {
			l.debug(ctx, e, message, name, attrs...)
		}
		return
	}
	l.write(ctx, e, level, 10, message, name, attrs...)
}

func (l *logger) logger() *slog.Logger {
	if l.to == nil {
		return slog.Default()
	}
	return l.to
}

func (l *logger) debugs(ctx context.Context) bool { return l.logger().Enabled(ctx, slog.LevelDebug) }

// debug writes a line at the level Debug.
func (l *logger) debug(ctx context.Context, e *Event, message, name string, attrs ...slog.Attr) {
	l.logger().LogAttrs(ctx, slog.LevelDebug, message, e.logged(name, attrs)...)
}

// write writes a line, of which the subject of e has so many a minute.
func (l *logger) write(ctx context.Context, e *Event, level slog.Level, most int32, message, name string, attrs ...slog.Attr) {
	to := l.logger()
	if !to.Enabled(ctx, level) {
		return
	}
	of := subject{e.Client, e.Method + e.Breaker, e.Kind, level}
	q, ok := l.quotas.Load(of)
	if !ok {
		q, _ = l.quotas.LoadOrStore(of, new(quota))
	}
	omitted, ok := q.(*quota).take(time.Now(), most)
	if !ok {
		return
	}
	if omitted > 0 {
		attrs = append(attrs, slog.Uint64("omitted", omitted))
	}
	to.LogAttrs(ctx, level, message, e.logged(name, attrs)...)
}

// logged returns the attributes of e's line.
func (e *Event) logged(name string, attrs []slog.Attr) []slog.Attr {
	all := append(make([]slog.Attr, 0, 4+len(attrs)), slog.String("event.name", name), slog.String("client", e.Client))
	if e.Method != "" {
		all = append(all, slog.String("method", e.Method))
	}
	if e.Breaker != "" {
		all = append(all, slog.String("breaker", e.Breaker))
	}
	all = append(all, attrs...)
	if e.Err != nil {
		all = append(all, slog.Any("error", e.Err))
	}
	return all
}

// A quota bounds the lines in a minute. Calls share no lock for it: lines that come at
// once with the end of a minute may be one more or less.
type quota struct {
	began   atomic.Int64 // the minute, in ns of Unix time
	written atomic.Int32 // in it
	omitted atomic.Uint64
}

// take reports whether a line may be written, and how many were not since the last one.
func (q *quota) take(at time.Time, most int32) (omitted uint64, ok bool) {
	now, began := at.UnixNano(), q.began.Load()
	if (now-began >= int64(time.Minute) || now < began) && q.began.CompareAndSwap(began, now) {
		q.written.Store(0)
	}
	if q.written.Load() >= most || q.written.Add(1) > most {
		q.omitted.Add(1)
		return 0, false
	}
	return q.omitted.Swap(0), true
}
