package resil

import (
	"fmt"
	"math"
	"strconv"
)

// A Consecutive is the number of failures in a row that open a breaker. 0 turns
// the rule off. Its text form is a number, auto or off.
type Consecutive int

// ConsecutiveAuto is 5 for a breaker that sees few calls, and more for one that
// sees many. The more calls there are, the more often chance brings some failures
// in a row, although the share of failures stays below [Breaker.Ratio]. So the
// number grows by one each time that Ratio of the answered calls in the window,
// Ratio of that, and so on, still reaches Min:
//
//	5 + log(answered/Min) / log(1/Ratio), rounded down
//
// With the defaults that is 5 below 20 answered calls in the window, 11 at 1,000
// and 17 at 60,000. It is 5 where Ratio is off; a Ratio above 99 % counts as 99 %.
const ConsecutiveAuto Consecutive = -1

// autoConsecutive is the least that ConsecutiveAuto stands for.
const autoConsecutive = 5

func (c Consecutive) String() string {
	switch c {
	case ConsecutiveAuto:
		return "auto"
	case 0:
		return "off"
	}
	return strconv.Itoa(int(c))
}

// UnmarshalText reads auto, off or a number of 1 or more.
func (c *Consecutive) UnmarshalText(text []byte) error {
	switch string(text) {
	case "auto":
		*c = ConsecutiveAuto
		return nil
	case "off":
		*c = 0
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("write auto, or a number of 1 or more")
	}
	*c = Consecutive(n)
	return nil
}

// A streakRule says whether failures in a row open a breaker. Failures are told to
// it under a lock, so that it is computed once and then looked up.
type streakRule struct {
	least int64 // failures in a row; 0 for off
	// One more for each of these that the answered calls in the window reach.
	steps []uint32
}

func newStreakRule(policy *Breaker) streakRule {
	if policy.Consecutive != ConsecutiveAuto {
		return streakRule{least: int64(policy.Consecutive)}
	}
	r := streakRule{least: autoConsecutive}
	if policy.Ratio == 0 {
		return r
	}
	share := float64(min(policy.Ratio, 99*Percent)) / float64(hundredPercent)
	for step := float64(policy.Min) / share; step <= math.MaxUint32; step /= share {
		r.steps = append(r.steps, uint32(math.Ceil(step)))
	}
	return r
}

// opens reports whether so many failures in a row do, with so many answered calls
// in the window.
func (r *streakRule) opens(streak int64, answered uint64) bool {
	more := streak - r.least // how many steps may have been reached
	return r.least > 0 && more >= 0 && (more >= int64(len(r.steps)) || answered < uint64(r.steps[more]))
}
