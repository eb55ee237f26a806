package resil

import (
	"context"

	"github.com/resilgen/resilgen/internal/directive"
)

// An Outcome is how a call ended. Every call has exactly one.
type Outcome uint8

const (
	OutcomeSucceeded Outcome = iota // the callee answered without an error
	OutcomeFailed                   // the callee's own error came back
	OutcomeExhausted                // all attempts failed
	OutcomeBudget                   // the client's retry budget was spent
	OutcomeDeadline                 // the caller's deadline passed, or left no time for another attempt
	OutcomeLater                    // the callee asked for a longer wait than the call may take
	OutcomeOpen                     // refused by the circuit breaker
	OutcomeLimited                  // refused by the rate limiter
	OutcomeFull                     // refused by the bulkhead
	OutcomeTimedOut                 // one of the method's timeouts passed
	OutcomeCanceled                 // the caller gave up
	OutcomePanicked                 // it did not return: the callee, say, panicked or called runtime.Goexit
	outcomes         = iota
)

var outcomeNames = directive.Enum[Outcome]{"succeeded", "failed", "exhausted", "budget", "deadline", "later", "open", "limited", "full", "timed out", "canceled", "panicked"}

func (o Outcome) String() string { return outcomeNames.Text(o) }

// outcomeOf returns the outcome of a call that ended for reason.
func outcomeOf(reason error) Outcome {
	switch reason {
	case ErrExhausted:
		return OutcomeExhausted
	case ErrBudget:
		return OutcomeBudget
	case ErrDeadline:
		return OutcomeDeadline
	case ErrRetryLater:
		return OutcomeLater
	case ErrOpen:
		return OutcomeOpen
	}
	return ended(reason)
}

// ended returns the outcome of a call that ended with the error of its context.
func ended(err error) Outcome {
	if err == context.DeadlineExceeded {
		return OutcomeDeadline
	}
	return OutcomeCanceled
}
