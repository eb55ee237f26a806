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
// many rounds as attempts, with a pause before each but the first. The total timeout
// limits the time. It does not limit the calls: those that fail at once leave time for
// all the others.
func worst(p annotations.Policy) Worst {
	p = enforced(p)
	total, attempt := Unbounded, Unbounded
	if t := p.Timeout; t != nil {
		total, attempt = limit(t.Total), limit(t.Attempt)
	}
	var waits time.Duration
	if b := p.Bulkhead; b != nil {
		waits = plus(waits, b.Wait)
	}
	if l := p.Limit; l != nil {
		waits = plus(waits, l.Wait)
	}
	one := min(plus(waits, attempt), total) // attempt or hedge

	calls, round, hinted := 1, one, one
	if h := p.Hedge; h != nil {
		calls += h.Max
		// A hedge starts when its delay has passed or when an attempt fails, whichever
		// comes first.
		gap := min(h.Delay, one)
		round = plus(one, times(h.Max, gap))
		// A hint of the attempt before holds it back for as long as another attempt is
		// under way; the first hedge has only one before it.
		hinted = plus(gap, times(h.Max, one))
	}

	attempts := 1
	var pauses, longest time.Duration
	if r := p.Retry; r != nil {
		attempts = max(r.Attempts, 1)
		for n := 1; n < attempts; n++ {
			_, most := r.Bounds(n)
			pauses = plus(pauses, most)
		}
		longest = times(attempts-1, r.Max) // a hint beyond that ends the call
	}
	return Worst{
		Calls:  attempts * calls,
		Time:   min(plus(times(attempts, round), pauses), total),
		Hinted: min(plus(times(attempts, hinted), longest), total),
	}
}

// enforced returns the policies without those that only observe, which cost no call
// anything.
func enforced(p annotations.Policy) annotations.Policy {
	p.Timeout = enforcing(p.Timeout, func(t *resil.Timeout) resil.Mode { return t.Mode })
	p.Retry = enforcing(p.Retry, func(r *resil.Retry) resil.Mode { return r.Mode })
	p.Limit = enforcing(p.Limit, func(l *resil.Limit) resil.Mode { return l.Mode })
	p.Bulkhead = enforcing(p.Bulkhead, func(b *resil.Bulkhead) resil.Mode { return b.Mode })
	p.Hedge = enforcing(p.Hedge, func(h *resil.Hedge) resil.Mode { return h.Mode })
	return p
}

// enforcing returns a policy unless there is none or it only observes.
func enforcing[P any](policy *P, mode func(*P) resil.Mode) *P {
	if policy == nil || mode(policy) == resil.ModeObserve {
		return nil
	}
	return policy
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
	p = enforced(p)
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
