package resil

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Backoff says how the delay before a retry grows from one retry to the next.
type Backoff uint8

const (
	BackoffConstant    Backoff = iota // initial, every time
	BackoffLinear                     // initial, 2·initial, 3·initial, …
	BackoffExponential                // initial, initial·factor, initial·factor², …
	BackoffFibonacci                  // initial times 1, 1, 2, 3, 5, …
)

var backoffs = directive.Enum[Backoff]{"constant", "linear", "exponential", "fibonacci"}

func (b Backoff) String() string                { return backoffs.Text(b) }
func (b *Backoff) UnmarshalText(t []byte) error { return backoffs.Read(b, t) }

// A Jitter spreads delays so that clients which failed together do not come
// back together. A value from 1 [PPM] to 100 [Percent] spreads the delay evenly
// by that share to either side; the negative values are the named strategies of
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
// No jitter raises a delay above the policy's max.
type Jitter Ratio

const (
	JitterNone         Jitter = 0
	JitterFull         Jitter = -1 // anywhere from 0 to the delay
	JitterEqual        Jitter = -2 // anywhere from half the delay to the delay
	JitterDecorrelated Jitter = -3 // from initial to three times the last delay
)

var jitters = directive.Enum[uint8]{"none", "full", "equal", "decorrelated"}

func (j Jitter) String() string {
	if j > 0 {
		return Ratio(j).String()
	}
	return jitters.Text(uint8(-j))
}

// UnmarshalText reads the name of a strategy or a percentage.
func (j *Jitter) UnmarshalText(text []byte) error {
	if strings.HasSuffix(string(text), "%") {
		var r Ratio
		if err := r.UnmarshalText(text); err != nil {
			return err
		}
		if r < 0 || r > hundredPercent {
			return fmt.Errorf("a jitter lies between 0%% and 100%%")
		}
		*j = Jitter(r)
		return nil
	}
	var i uint8
	if err := jitters.Read(&i, text); err != nil {
		return fmt.Errorf("%w, or a percentage such as 20%%", err)
	}
	*j = -Jitter(i)
	return nil
}

// delay is the time to wait before retry n, counted from 1, and the part of it
// that is r's own. prev is r's own part of the delay before retry n-1. It lies
// within [0, max] for every n.
//
// hint is what the callee asked for. One that is longer than r's shortest delay
// takes its place: jitter goes on top of it, so that callers who were told one time
// do not come back in one instant. Where most is not above hint there is no room
// for jitter; otherwise the result lies within [hint, most].
func (r *Retry) delay(n int, prev, hint, most time.Duration) (delay, own time.Duration) {
	low, high := r.Bounds(n)
	if r.Jitter == JitterDecorrelated {
		low, high = min(r.Initial, r.Max), clamp(3*float64(max(prev, r.Initial)), r.Max)
	}
	raise := max(hint-low, 0)
	if raise > 0 {
		high = low + max(min(high-low, most-hint), 0)
	}
	own = between(low, high)
	return own + raise, own
}

// Bounds are the smallest and the largest delay that retry n, counted from 1,
// can have by itself. A callee that asks for a longer wait can raise it to r.Max.
func (r *Retry) Bounds(n int) (least, most time.Duration) {
	full := r.nominal(n)
	switch j := r.Jitter; j {
	case JitterNone:
		return full, full
	case JitterFull:
		return 0, full
	case JitterEqual:
		return full / 2, full
	case JitterDecorrelated:
		return min(r.Initial, r.Max), clamp(float64(r.Initial)*math.Pow(3, float64(n)), r.Max)
	default:
		spread := clamp(float64(full)*float64(j)/float64(hundredPercent), full)
		return full - spread, min(full+min(spread, math.MaxInt64-full), r.Max)
	}
}

// nominal is the delay before jitter.
func (r *Retry) nominal(n int) time.Duration {
	initial := float64(r.Initial)
	switch r.Backoff {
	case BackoffLinear:
		return clamp(initial*float64(n), r.Max)
	case BackoffExponential:
		return clamp(initial*math.Pow(r.Factor, float64(n-1)), r.Max)
	case BackoffFibonacci:
		// Binet's formula, exact to the nanosecond far beyond any useful max.
		return clamp(initial*math.Round(math.Pow(math.Phi, float64(n))/math.Sqrt(5)), r.Max)
	default:
		return clamp(initial, r.Max)
	}
}

// attemptsWithin counts the attempts that can start before total has passed,
// with the smallest delays there can be and calls that take no time.
func (r *Retry) attemptsWithin(total time.Duration) int {
	var spent time.Duration
	for n := 1; n < r.Attempts; n++ {
		least, _ := r.Bounds(n)
		if least == 0 && r.Jitter == JitterFull {
			return r.Attempts
		}
		if least >= total-spent {
			return n
		}
		spent += least
	}
	return max(r.Attempts, 1)
}

// clamp turns a number of nanoseconds into a duration of at most limit; overflow
// and infinity become limit.
func clamp(ns float64, limit time.Duration) time.Duration {
	if !(ns < float64(limit)) {
		return limit
	}
	return max(time.Duration(ns), 0)
}

// between draws from [low, high] evenly.
func between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(rand.Uint64N(uint64(high-low)+1))
}
