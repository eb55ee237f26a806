package resil

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestConsecutiveText(t *testing.T) {
	for text, want := range map[string]Consecutive{"auto": ConsecutiveAuto, "1": 1, "5": 5, "off": 0} {
		var c Consecutive
		if err := c.UnmarshalText([]byte(text)); err != nil || c != want || c.String() != text {
			t.Errorf("%s: got %v, %v", text, c, err)
		}
	}
	for _, text := range []string{"0", "-1", "1.5", "AUTO", ""} {
		c := Consecutive(7)
		if err := c.UnmarshalText([]byte(text)); err == nil || c != 7 {
			t.Errorf("%q: got %v, %v", text, c, err)
		}
	}
}

func TestAutoGrowsWithTheCallsInTheWindow(t *testing.T) {
	for _, tt := range []struct {
		ratio    Ratio
		min      int
		answered uint64
		want     int64
	}{
		{50 * Percent, 10, 1, 5},
		{50 * Percent, 10, 19, 5},
		{50 * Percent, 10, 20, 6},
		{50 * Percent, 10, 39, 6},
		{50 * Percent, 10, 40, 7},
		{50 * Percent, 10, 1_000, 11},
		{50 * Percent, 10, 60_000, 17},
		{50 * Percent, 10, math.MaxUint32, 33},
		{10 * Percent, 10, 999, 6},
		{10 * Percent, 10, 1_000, 7},
		{50 * Percent, 1_000, 1_999, 5},
		{50 * Percent, math.MaxInt64, math.MaxUint32, 5},
		{99 * Percent, 10, 10_000, 692},
		{100 * Percent, 10, 10_000, 692},
		{0, 10, math.MaxUint32, 5}, // ratio=off
	} {
		rule := newStreakRule(&Breaker{Consecutive: ConsecutiveAuto, Ratio: tt.ratio, Min: tt.min})
		if rule.opens(tt.want-1, tt.answered) || !rule.opens(tt.want, tt.answered) || !rule.opens(tt.want+1000, tt.answered) {
			t.Errorf("%v of %d: not just %d in a row open with %d answered", tt.ratio, tt.min, tt.want, tt.answered)
		}
	}
}

// A written number is meant exactly, whatever the window holds; with auto it is the
// formula's.
func TestStreakRuleIsItsFormula(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		policy := Breaker{
			Consecutive: Consecutive(rapid.IntRange(-1, 100).Draw(rt, "consecutive")),
			Ratio:       Ratio(rapid.Int64Range(0, int64(hundredPercent)).Draw(rt, "ratio")),
			Min:         rapid.IntRange(1, 100_000).Draw(rt, "min"),
		}
		rule := newStreakRule(&policy)
		answered := rapid.Uint32().Draw(rt, "answered")
		streak := rapid.Int64Range(0, 5000).Draw(rt, "streak")
		opens := rule.opens(streak, uint64(answered))
		if policy.Consecutive != ConsecutiveAuto {
			if want := policy.Consecutive > 0 && streak >= int64(policy.Consecutive); opens != want {
				rt.Fatalf("opens: %v, want %v", opens, want)
			}
			return
		}
		exact := 0.0
		if policy.Ratio > 0 && int(answered) > policy.Min {
			ratio := float64(min(policy.Ratio, 99*Percent)) / 1e6
			exact = math.Log(float64(answered)/float64(policy.Min)) / math.Log(1/ratio)
		}
		// Within a millionth the logarithm may fall to either side of a step.
		if least, most := 5+int64(exact-1e-6), 5+int64(exact+1e-6); opens && streak < least || !opens && streak >= most {
			rt.Fatalf("%d in a row of %d answered: opens is %v, want it from %.3f on", streak, answered, opens, 5+exact)
		}
	})
}

// With any share of failures below the ratio, and any number of calls, chance brings
// no streak that opens the breaker.
func TestAutoOpensNothingBelowTheRatio(t *testing.T) {
	perSecond, shares := []int{20, 100, 1000}, []float64{0.01, 0.1, 0.2, 0.3, 0.4, 0.45}
	if testing.Short() {
		perSecond = perSecond[:2]
	}
	streaks := 0
	for _, n := range perSecond {
		for i, share := range shares {
			synctest.Test(t, func(t *testing.T) {
				own := 0
				c, m := newMethod(t, withAutoBreaker(func(*Breaker) {}), WithObserver(func(_ context.Context, e Event) {
					if e.Opening != nil && e.Opening.Rule == RuleConsecutive {
						own++
					}
				}))
				rng := rand.New(rand.NewPCG(uint64(n), uint64(i)))
				for range 5 * 60 * 20 {
					for range n / 20 {
						Run(t.Context(), m, func(context.Context) error {
							if rng.Float64() < share {
								return errDown
							}
							return nil
						})
					}
					time.Sleep(time.Second / 20)
				}
				c.Flush(t.Context())
				if share <= 0.3 && own > 1 {
					t.Errorf("%.0f%% at %d calls a second: opened %d times by failures in a row", 100*share, n, own)
				}
				streaks += own
			})
		}
	}
	if streaks > 10 {
		t.Errorf("opened %d times by failures in a row, which chance does twice or so", streaks)
	}
}

func TestADeadBackendOpensSoon(t *testing.T) {
	for _, tt := range []struct {
		answered int // before, in a minute
		most     int // failures until it opens
	}{{0, 5}, {6, 5}, {100, 8}, {60_000, 17}} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMethod(t, withAutoBreaker(func(*Breaker) {}))
			for range tt.answered {
				Run(t.Context(), m, succeed)
				time.Sleep(time.Minute / time.Duration(tt.answered))
			}
			failures := 0
			for c.Breaker("Store").State() == StateClosed {
				Run(t.Context(), m, fail)
				failures++
			}
			if failures > tt.most {
				t.Errorf("%d failures opened it, want at most %d, with %d calls a minute before", failures, tt.most, tt.answered)
			}
		})
	}
}
