package explain

import (
	"math"
	"strconv"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// Unbounded is a time without a limit.
const Unbounded time.Duration = math.MaxInt64

// A Worst is the largest cost of one call of a method, if the callee obeys its context.
type Worst struct {
	Calls  int           // number of calls of the callee
	Time   time.Duration // duration of the call without a fallback, or Unbounded
	Hinted time.Duration // the same if every failure asks for the longest pause, as with Retry-After
}

// worst adds up a policy's limits. A round is one attempt with its hedges. There are as
// many rounds as attempts, with a pause before each but the first, and the total timeout
// limits all of it.
func worst(p annotations.Policy) Worst {
	total, attempt := Unbounded, Unbounded
	if t := p.Timeout; t != nil {
		total, attempt = limit(t.Total), limit(t.Attempt)
	}
	var waits time.Duration
	if b := p.Bulkhead; b != nil && b.Mode != resil.ModeObserve {
		waits = plus(waits, b.Wait)
	}
	if l := p.Limit; l != nil && l.Mode != resil.ModeObserve {
		waits = plus(waits, l.Wait)
	}
	single := min(plus(waits, attempt), total)
	round, hinted, calls := single, single, 1
	if h := p.Hedge; h != nil {
		calls += h.Max // they start at once if each call fails at once
		round = hedged(single, h)
		// A failure with a hint holds hedges back, so that only those start that do
		// before the first failure.
		hinted = plus(single, times(min(h.Max, within(single, h.Delay)), h.Delay))
	}
	rounds := 1
	var pauses, longest time.Duration
	if r := p.Retry; r != nil {
		for ; rounds < r.Attempts; rounds++ {
			_, high := r.Bounds(rounds)
			pauses, longest = plus(pauses, high), plus(longest, r.Max)
		}
	}
	w := Worst{Calls: rounds * calls, Time: min(plus(times(rounds, round), pauses), total)}
	w.Hinted = max(w.Time, min(plus(times(rounds, hinted), longest), total))
	return w
}

// hedged returns the duration of a round in which each call fails after a given time. A
// hedge starts when the delay since the last start has passed, or when a call fails.
func hedged(single time.Duration, h *resil.Hedge) time.Duration {
	if single == Unbounded {
		return Unbounded
	}
	var start time.Duration
	failures := []time.Duration{single} // in order; those that have started a hedge are gone
	for range h.Max {
		if start = plus(start, h.Delay); failures[0] <= start {
			start, failures = failures[0], failures[1:]
		}
		failures = append(failures, plus(start, single))
	}
	return failures[len(failures)-1]
}

// For an [Expected], failing is the share of attempts that fail, and a share below
// negligible does not count.
const (
	failing    = 0.1
	negligible = 1e-9
)

// An Expected is the mean cost of a call, if one attempt in ten fails and is retried, the
// callee answers at once, and no guard and no timeout ends a call.
type Expected struct {
	Calls  float64       // number of calls of the callee
	Pauses time.Duration // time between attempts, at most the total timeout
}

// expected returns the mean cost of a call.
func expected(p annotations.Policy) Expected {
	round, fails := 1.0, failing // calls of one round, and the share of rounds that fail
	if h := p.Hedge; h != nil {
		for n := 0; n < h.Max && fails > negligible; n++ { // a failure starts the next hedge
			round += fails
			fails *= failing
		}
	}
	e := Expected{Calls: round}
	if p.Retry == nil {
		return e
	}
	mean, share, pauses := float64(p.Retry.Initial), 1.0, 0.0
	for n := 1; n < p.Retry.Attempts && share > negligible; n++ {
		least, most := p.Retry.Bounds(n)
		if p.Retry.Jitter == resil.JitterDecorrelated { // each delay depends on the one before
			most = min(most, time.Duration(3*mean))
		}
		mean = (float64(least) + float64(most)) / 2
		share *= fails
		e.Calls += share * round
		pauses += share * mean
	}
	e.Pauses = time.Duration(pauses)
	if t := p.Timeout; t != nil {
		e.Pauses = min(e.Pauses, limit(t.Total))
	}
	return e
}

// String returns a text such as "3 calls, 2s".
func (w Worst) String() string {
	text := calls(float64(w.Calls)) + ", " + bounded(w.Time)
	if w.Hinted != w.Time {
		text += " (" + bounded(w.Hinted) + " with Retry-After)"
	}
	return text
}

// String returns a text such as "1.11 calls, 6ms of pauses".
func (e Expected) String() string {
	if e.Pauses == 0 {
		return calls(e.Calls)
	}
	return calls(e.Calls) + ", " + directive.Duration(e.Pauses.Round(100*time.Microsecond)) + " of pauses"
}

// calls returns a number of calls as text.
func calls(n float64) string {
	if n == 1 {
		return "1 call"
	}
	return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) + " calls"
}

// bounded returns the text of a duration, which may be Unbounded.
func bounded(d time.Duration) string {
	if d == Unbounded {
		return "unbounded"
	}
	return directive.Duration(d)
}

// limit returns the limit of a timeout, which is off if it is 0.
func limit(d time.Duration) time.Duration {
	if d == 0 {
		return Unbounded
	}
	return d
}

// within returns how often something happens until end that happens every d.
func within(end, d time.Duration) int { return int(end / d) }

// plus adds durations, which may be Unbounded.
func plus(a, b time.Duration) time.Duration {
	if a > Unbounded-b {
		return Unbounded
	}
	return a + b
}

// times returns n times a duration, which may be Unbounded.
func times(n int, d time.Duration) time.Duration {
	if n > 0 && d > Unbounded/time.Duration(n) {
		return Unbounded
	}
	return time.Duration(n) * d
}
