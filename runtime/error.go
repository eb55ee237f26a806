package resil

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The reasons for which a call ends without the callee's own word being final.
// errors.Is finds them in a call's error. ErrOpen, ErrLimited and ErrFull refuse
// an attempt; the callee was not called.
var (
	ErrOpen      = errors.New("circuit breaker is open")
	ErrLimited   = errors.New("client-side rate limit reached")
	ErrFull      = errors.New("bulkhead is full")
	ErrTimeout   = error(timeoutError{}) // also context.DeadlineExceeded
	ErrExhausted = errors.New("all attempts failed")
	ErrBudget    = errors.New("client-side retry budget spent")
	ErrDeadline  = errors.New("no time for another attempt before the deadline")
)

type timeoutError struct{}

func (timeoutError) Error() string        { return "timed out" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// An Error says why the runtime, not the callee, ended a call. Where the runtime
// had no part in a failure, the callee's own error comes back instead, as it
// was.
//
// errors.Is finds Reason and whatever Err wraps. Callers that are refused share
// one Error: leave it as it is.
type Error struct {
	Method   string // client and method: UserClient.GetUser
	Reason   error  // one of ErrOpen … ErrDeadline, or what ended the caller's context
	Attempts int    // calls that were made
	Err      error  // the callee's last error; nil when it was never called

	timedOut bool   // the last attempt hit its timeout
	after    waiter // nil when there is nothing to wait for
}

// A waiter knows how long it will be until a call may succeed.
type waiter interface{ retryAfter() time.Duration }

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Method, e.Reason)
	if wait := e.RetryAfter(); wait > 0 {
		fmt.Fprintf(&b, ", retry after %s", max(wait.Round(time.Millisecond), time.Millisecond))
	}
	if e.Attempts > 0 {
		fmt.Fprintf(&b, " (%s made", plural(e.Attempts, "attempt"))
		if e.timedOut && e.Reason != ErrTimeout {
			b.WriteString(", the last timed out")
		}
		b.WriteByte(')')
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the callee's last error.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the reason.
func (e *Error) Is(target error) bool {
	return target == e.Reason ||
		(e.timedOut || e.Reason == ErrTimeout) && (target == ErrTimeout || target == context.DeadlineExceeded)
}

// RetryAfter returns how long it will be, from now, until another call may be
// let through: for ErrLimited until the next token, for ErrOpen until the next
// probe. While the probes are out that is when one is given up, at the latest; while
// the breaker lets a growing share through, half of the time that this takes. It is
// 0 where that is unknown or now.
func (e *Error) RetryAfter() time.Duration {
	if e.after == nil {
		return 0
	}
	return max(e.after.retryAfter(), 0)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
