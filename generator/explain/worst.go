package explain

import (
	"math"
	"strconv"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// Unbounded is a time that nothing limits.
const Unbounded time.Duration = math.MaxInt64

// A Worst is the most that one call of a method can come to, where the callee
// obeys its context and the retry budget has tokens.
type Worst struct {
	Calls  int           // of the callee
	Time   time.Duration // of the whole call but a fallback, or Unbounded
	Hinted time.Duration // the same where failures say how long to stay away, as with Retry-After
}

// worst adds up a policy's limits. There are as many rounds as attempts, a round
// being one attempt and its hedges, and a pause before each but the first. The total
// timeout caps the time. It does not cap the calls: those that fail at once leave the
// time to all the others.
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

// failing is the share of attempts that fail in an [Expected].
const failing = 0.1

// An Expected is the mean of many calls where one attempt in ten fails in a way
// that is retried, the callee answers at once, and no guard and no timeout ends a
// call. A timeout that long pauses run into makes it less.
type Expected struct {
	Calls  float64       // of the callee
	Pauses time.Duration // between attempts
}

func expected(p annotations.Policy) Expected {
	e := Expected{Calls: 1}
	if p.Retry == nil {
		return e
	}
	mean, share, pauses := float64(p.Retry.Initial), 1.0, 0.0
	for n := 1; n < p.Retry.Attempts && share > 1e-9; n++ {
		least, most := p.Retry.Bounds(n)
		if p.Retry.Jitter == resil.JitterDecorrelated { // each delay goes by the one before
			most = min(most, time.Duration(3*mean))
		}
		mean = (float64(least) + float64(most)) / 2
		share *= failing
		e.Calls += share
		pauses += share * mean
	}
	e.Pauses = time.Duration(pauses)
	if t := p.Timeout; t != nil {
		e.Pauses = min(e.Pauses, limit(t.Total))
	}
	return e
}

// String is the worst case in a few words.
func (w Worst) String() string {
	text := calls(float64(w.Calls)) + ", " + bounded(w.Time)
	if w.Hinted != w.Time {
		text += " (" + bounded(w.Hinted) + " with Retry-After)"
	}
	return text
}

// String is the mean in a few words.
func (e Expected) String() string {
	if e.Pauses == 0 {
		return calls(e.Calls)
	}
	return calls(e.Calls) + ", " + directive.Duration(e.Pauses.Round(100*time.Microsecond)) + " of pauses"
}

func calls(n float64) string {
	if n == 1 {
		return "1 call"
	}
	return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) + " calls"
}

// bounded writes a duration that may be Unbounded.
func bounded(d time.Duration) string {
	if d == Unbounded {
		return "unbounded"
	}
	return directive.Duration(d)
}

// limit is a timeout's, which 0 turns off.
func limit(d time.Duration) time.Duration {
	if d == 0 {
		return Unbounded
	}
	return d
}

func plus(a, b time.Duration) time.Duration {
	if a > Unbounded-b {
		return Unbounded
	}
	return a + b
}

func times(n int, d time.Duration) time.Duration {
	if n > 0 && d > Unbounded/time.Duration(n) {
		return Unbounded
	}
	return time.Duration(n) * d
}
