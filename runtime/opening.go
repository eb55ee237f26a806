package resil

import (
	"time"

	"github.com/resilgen/resilgen/internal/directive"
)

// An Opening says why a circuit breaker has opened.
type Opening struct {
	Rule Rule  // which rule opened it
	Err  error // the last that counted against the breaker; nil if there was none, or for a slow success

	By string // who has ordered it for the fleet; empty otherwise

	// What the window held, where the breaker was closed; of a half-open one, the
	// probes of that time. All are 0 for RuleForced and RuleSuspected.
	Successes uint64
	Failures  uint64
	Streak    uint64 // failures in a row

	Open time.Duration // how long it refuses calls before it probes, or is forced to; 0 for until Reset
}

// A Rule is what opens a circuit breaker.
type Rule uint8

const (
	RuleConsecutive Rule = iota // failures in a row
	RuleRatio                   // the ratio of failures in the window
	RuleSlow                    // one of these two, where the last failure was a slow call
	RuleProbe                   // a probe failed
	RuleThrottled               // the callee throttled a probe
	RuleForced                  // ForceOpen or ForceOpenFor, or an order of the fleet
	RuleSuspected               // other processes of the fleet have opened: the circuit probes
)

var ruleNames = directive.Enum[Rule]{"consecutive", "ratio", "slow", "probe failed", "throttled", "forced", "suspected"}

func (r Rule) String() string { return ruleNames.Text(r) }
