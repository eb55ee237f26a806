package resil

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The reasons for which the runtime ends a call. errors.Is finds them in the error of
// the call. ErrOpen, ErrLimited and ErrFull refuse an attempt: it did not reach the
// callee.
var (
	ErrOpen       = errors.New("circuit breaker is open")
	ErrLimited    = errors.New("client-side rate limit reached")
	ErrFull       = errors.New("bulkhead is full")
	ErrTimeout    = error(timeoutError{}) // also context.DeadlineExceeded
	ErrExhausted  = errors.New("all attempts failed")
	ErrBudget     = errors.New("client-side retry budget spent")
	ErrDeadline   = errors.New("no time for another attempt before the deadline")
	ErrRetryLater = errors.New("callee asked for a longer wait than the call may take")
)

// ErrResult takes the place of the error where the callee returned none, and its
// result says that the call failed. A fallback gets it as its cause, a breaker
// shows it as its last error, and events have it. Where the verdict has a Status, an
// error that tells it stands there, which errors.Is takes for ErrResult. The call
// itself returns the callee's results as they are.
var ErrResult = errors.New("the result says that the call failed")

type timeoutError struct{}

func (timeoutError) Error() string        { return "timed out" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true } // as context.DeadlineExceeded, for net.Error
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// An Error says why the runtime, not the callee, ended a call. Where the runtime
// had no part in a failure, the callee's own error comes back instead, as it
// was.
//
// errors.Is and errors.As find Reason and whatever Err wraps. Where Err only says
// that time ran out, they also find what an earlier attempt said, the last one that
// said more. Callers that are refused share one Error, so do not change it. Its
// methods may be called by several goroutines at once.
type Error struct {
	Method   string // client and method, such as UserClient.GetUser
	Reason   error  // one of ErrOpen … ErrRetryLater, or what ended the caller's context
	Attempts int    // how many reached the callee
	Err      error  // the callee's last error; nil if it was never called

	timedOut bool      // the last attempt hit its timeout
	earlier  error     // of an earlier attempt, where Err only says that time ran out
	after    waiter    // nil when a guard has nothing to wait for
	until    time.Time // when the callee may be asked again; zero if it did not say
}

// A waiter knows how long it will be until a call may succeed.
type waiter interface{ retryAfter() time.Duration }

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Method, e.Reason)
	if e.Reason == context.Canceled {
		b.WriteString(" by the caller")
	}
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
	if e.earlier != nil && fmt.Sprint(e.earlier) != fmt.Sprint(e.Err) {
		fmt.Fprintf(&b, "; an earlier attempt: %v", e.earlier)
	}
	return b.String()
}

// Unwrap returns the callee's last error.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the reason or part of what an earlier attempt said.
func (e *Error) Is(target error) bool {
	return target == e.Reason ||
		e.Timeout() && (target == ErrTimeout || target == context.DeadlineExceeded) ||
		e.earlier != nil && errors.Is(e.earlier, target)
}

// As finds what is in the callee's last error, in what an earlier attempt said and,
// where a timeout of ours passed, a [net.Error] that says so; in this order.
func (e *Error) As(target any) bool {
	return errors.As(e.Err, target) ||
		errors.As(e.earlier, target) ||
		e.Timeout() && errors.As(ErrTimeout, target)
}

// Timeout reports whether one of the method's own timeouts ended the call or its
// last attempt. It does not tell of the caller's deadline, and not of time that ran
// out in the callee.
func (e *Error) Timeout() bool { return e.timedOut || e.Reason == ErrTimeout }

// RetryAfter returns the time from now until another call may be let through: for
// ErrLimited until the next token, for ErrOpen until the next probe, or until a state that
// is forced for a time ends. While all probes
// are out, it is the time until one of them is written off, at the latest. While the
// breaker admits a growing share of the calls, it is half of the time that this still
// takes. Where the callee asked for a wait, the result is at least the rest of that.
// It is 0 where a call may be let through now, and where nothing is known.
func (e *Error) RetryAfter() (wait time.Duration) {
	if e.after != nil {
		wait = e.after.retryAfter()
	}
	if !e.until.IsZero() {
		wait = max(wait, time.Until(e.until))
	}
	return max(wait, 0)
}

// onlyTime reports whether err says no more than that time ran out or that the
// caller gave up.
func onlyTime(err error) bool {
	return outOfTime(err) || !walk(err, func(err error) bool { return !saysCanceled(err) })
}

// saysCanceled reports whether one error says that somebody gave up, without what it
// wraps. A method that panics says nothing.
func saysCanceled(err error) bool {
	if isNil(err) {
		return false
	}
	defer func() { _ = recover() }()
	if err == context.Canceled {
		return true
	}
	e, ok := err.(interface{ Is(error) bool })
	return ok && e.Is(context.Canceled)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
