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
// obeys its context.
type Worst struct {
	Calls  int           // of the callee
	Time   time.Duration // of the whole call but a fallback, or Unbounded
	Hinted time.Duration // the same where every failure asks for the longest pause, as with Retry-After
}

// worst adds up a policy's limits. The total timeout caps everything; within it
// there are as many rounds as attempts, a round being one attempt and its hedges,
// and a pause before each but the first.
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
	round := min(plus(waits, attempt), total)

	hedges := 0 // of a round
	if h := p.Hedge; h != nil {
		hedges = min(h.Max, within(round, h.Delay))
		round = plus(round, times(hedges, h.Delay)) // the last hedge starts as the first attempt ends
	}
	// Of a total timeout, pauses leave the less for hedges the more rounds there are.
	callsIn := func(rounds int, least time.Duration) int {
		n := rounds * hedges
		if hedges > 0 && total != Unbounded {
			n = min(n, within(total-least, p.Hedge.Delay))
		}
		return rounds + n
	}

	rounds, most := 1, callsIn(1, 0)
	var pauses, least, longest time.Duration
	if r := p.Retry; r != nil {
		for ; rounds < r.Attempts; rounds++ {
			low, high := r.Bounds(rounds)
			least, pauses, longest = plus(least, low), plus(pauses, high), plus(longest, r.Max)
			most = max(most, callsIn(rounds+1, least))
		}
	}
	return Worst{
		Calls:  most,
		Time:   min(plus(times(rounds, round), pauses), total),
		Hinted: min(plus(times(rounds, round), longest), total),
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

// within counts how often something happens up to end that happens every d.
func within(end, d time.Duration) int { return int(end / d) }

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
