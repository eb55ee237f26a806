package resil

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoffGrows(t *testing.T) {
	const unit = 100 * time.Millisecond
	for _, tt := range []struct {
		backoff Backoff
		want    []time.Duration
	}{
		{BackoffConstant, []time.Duration{1, 1, 1, 1, 1, 1}},
		{BackoffLinear, []time.Duration{1, 2, 3, 4, 5, 6}},
		{BackoffExponential, []time.Duration{1, 2, 4, 8, 16, 20}},
		{BackoffFibonacci, []time.Duration{1, 1, 2, 3, 5, 8, 13, 20}},
	} {
		r := Retry{Backoff: tt.backoff, Initial: unit, Max: 20 * unit, Factor: 2, Jitter: JitterNone}
		var got []time.Duration
		for n := range tt.want {
			got = append(got, ownDelay(&r, n+1, 0)/unit)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %d, want %d times the initial delay", tt.backoff, got, tt.want)
		}
	}
}

// ownDelay is a delay of the policy's own, where the callee asks for none.
func ownDelay(r *Retry, n int, prev time.Duration) time.Duration {
	delay, _ := r.delay(n, prev, 0, r.Max)
	return delay
}

// retries draws any policy that the language can state, its ends included.
func retries(t *rapid.T) *Retry {
	duration := rapid.OneOf(
		rapid.Int64Range(1, int64(time.Hour)),
		rapid.Int64Range(1, math.MaxInt64),
		rapid.SampledFrom([]int64{1, 2, 3, math.MaxInt64 - 1, math.MaxInt64}))
	a, b := duration.Draw(t, "a"), duration.Draw(t, "b")
	return &Retry{
		Attempts: rapid.IntRange(1, 1e6).Draw(t, "attempts"),
		Backoff:  rapid.SampledFrom([]Backoff{BackoffConstant, BackoffLinear, BackoffExponential, BackoffFibonacci}).Draw(t, "backoff"),
		Initial:  time.Duration(min(a, b)),
		Max:      time.Duration(max(a, b)),
		Factor:   rapid.OneOf(rapid.Float64Range(1, 10), rapid.Float64Range(1, math.MaxFloat64)).Draw(t, "factor"),
		Jitter: rapid.OneOf(
			rapid.SampledFrom([]Jitter{JitterNone, JitterFull, JitterEqual, JitterDecorrelated, Jitter(hundredPercent)}),
			rapid.Custom(func(t *rapid.T) Jitter { return Jitter(rapid.Int64Range(0, int64(hundredPercent)).Draw(t, "ppm")) }),
		).Draw(t, "jitter"),
	}
}

func TestDelaysLieBetweenTheLeastAndTheMax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := retries(t)
		prev := time.Duration(rapid.Int64Range(0, int64(r.Max)).Draw(t, "prev"))
		n := rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(1, 1e6)).Draw(t, "n")
		for _, n := range []int{1, n, 1e6} {
			least, _ := r.Bounds(n)
			got := ownDelay(r, n, prev)
			if got < 0 || got > r.Max {
				t.Fatalf("delay %d is %s, outside [0, %s]", n, got, r.Max)
			}
			if least < 0 || got < least {
				t.Fatalf("delay %d is %s, below the least, %s", n, got, least)
			}
		}
	})
}

func TestDelaysLieWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := retries(t)
		prev := time.Duration(0)
		for n := range rapid.IntRange(1, 50).Draw(t, "retries") {
			least, most := r.Bounds(n + 1)
			prev = ownDelay(r, n+1, prev)
			if prev < least || prev > most || most > r.Max {
				t.Fatalf("delay %d is %s, outside [%s, %s] or above max=%s", n+1, prev, least, most, r.Max)
			}
		}
	})
}

func TestNominalDelaysNeverShrink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := retries(t)
		n := rapid.IntRange(1, 1e6-1).Draw(t, "n")
		if a, b := r.nominal(n), r.nominal(n+1); b < a {
			t.Fatalf("delay %d is %s and the next %s", n, a, b)
		}
	})
}

func TestJitterSpreadsOverItsWholeRange(t *testing.T) {
	const full = time.Second
	for _, tt := range []struct {
		jitter    Jitter
		low, high time.Duration
	}{
		{JitterNone, full, full},
		{JitterFull, 0, full},
		{JitterEqual, full / 2, full},
		{JitterDecorrelated, full, 3 * full},
		{Jitter(20 * Percent), 800 * time.Millisecond, 1200 * time.Millisecond},
	} {
		r := Retry{Backoff: BackoffConstant, Initial: full, Max: time.Minute, Jitter: tt.jitter}
		low, high := time.Duration(math.MaxInt64), time.Duration(0)
		for range 10_000 {
			d := ownDelay(&r, 1, full)
			low, high = min(low, d), max(high, d)
		}
		// 10,000 even draws leave an outer hundredth of the range empty with a
		// chance below 1e-43.
		margin := (tt.high - tt.low) / 100
		if low < tt.low || low > tt.low+margin || high > tt.high || high < tt.high-margin {
			t.Errorf("%s: delays from %s to %s, want %s to %s", tt.jitter, low, high, tt.low, tt.high)
		}
	}
}

func TestJitterAtTheMaxSpreadsBelowIt(t *testing.T) {
	r := Retry{Backoff: BackoffConstant, Initial: time.Second, Max: time.Second, Jitter: Jitter(50 * Percent)}
	atMax := 0
	for range 1000 {
		switch d := ownDelay(&r, 1, 0); {
		case d > time.Second:
			t.Fatalf("delay %s is above max", d)
		case d == time.Second:
			atMax++
		}
	}
	if atMax > 10 { // of half a billion durations
		t.Errorf("%d of 1000 delays are just max, where callers would meet", atMax)
	}
}

func TestAttemptsWithin(t *testing.T) {
	for _, tt := range []struct {
		name  string
		retry Retry
		total time.Duration
		want  int
	}{
		{"a delay that ends at the timeout is too late", Retry{Attempts: 5, Backoff: BackoffConstant, Initial: 100, Max: 100}, 200, 2},
		{"one that ends before it is not", Retry{Attempts: 5, Backoff: BackoffConstant, Initial: 100, Max: 100}, 201, 3},
		{"full jitter may be no delay", Retry{Attempts: 1e6, Backoff: BackoffConstant, Initial: 100, Max: 100, Jitter: JitterFull}, 1, 1e6},
		{"full spread may be no delay", Retry{Attempts: 1000, Backoff: BackoffConstant, Initial: 100, Max: 100, Jitter: Jitter(hundredPercent)}, 1, 1000},
		{"delays that add up beyond any duration", Retry{Attempts: 5, Backoff: BackoffConstant, Initial: 3 << 61, Max: math.MaxInt64}, math.MaxInt64, 2},
		{"one attempt", Retry{Attempts: 1, Initial: 100, Max: 100}, 1, 1},
	} {
		if got := tt.retry.attemptsWithin(tt.total); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
