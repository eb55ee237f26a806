package resil

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// An Error is a time-out exactly if a timeout of the method's ended the call or its
// last attempt.
func TestTimeoutHoldsForOurs(t *testing.T) {
	slow := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	for _, tt := range []struct {
		name string
		err  *Error
		want bool
	}{
		{"a timeout", &Error{Reason: ErrTimeout}, true},
		{"the last attempt's", &Error{Reason: ErrExhausted, timedOut: true}, true},
		{"the callee's own", &Error{Reason: ErrExhausted, Err: slow}, false},
		{"the caller's deadline", &Error{Reason: ErrDeadline, Err: context.DeadlineExceeded}, false},
		{"a refusal", &Error{Reason: ErrOpen}, false},
	} {
		if got := tt.err.Timeout(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if got := errors.Is(tt.err, ErrTimeout); got != tt.want {
			t.Errorf("%s: errors.Is finds ErrTimeout: %v, want %v", tt.name, got, tt.want)
		}
		if got := os.IsTimeout(tt.err); got != tt.want {
			t.Errorf("%s: os.IsTimeout says %v, want %v", tt.name, got, tt.want)
		}
	}
}

// errors.As finds a net.Error in the callee's words before it makes one of ours, and
// the last error before an earlier one.
func TestErrorsAreFoundInTheirOrder(t *testing.T) {
	slow, refused := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, &net.OpError{Op: "dial", Err: errors.New("refused")}
	missing := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	for _, tt := range []struct {
		name string
		err  *Error
		want net.Error
		path bool
	}{
		{"the callee's", &Error{Reason: ErrTimeout, Err: slow}, slow, false},
		{"the last", &Error{Reason: ErrExhausted, Err: slow, earlier: refused}, slow, false},
		{"an earlier one", &Error{Reason: ErrTimeout, Err: errors.New("aborted"), earlier: errors.Join(refused, missing)}, refused, true},
		{"ours", &Error{Reason: ErrTimeout, Err: errors.New("aborted")}, timeoutError{}, false},
		{"none", &Error{Reason: ErrOpen}, nil, false},
	} {
		var found net.Error
		var path *fs.PathError
		if errors.As(tt.err, &found) != (tt.want != nil) || found != tt.want {
			t.Errorf("%s: found %v, want %v", tt.name, found, tt.want)
		}
		if errors.As(tt.err, &path) != tt.path || errors.Is(tt.err, fs.ErrNotExist) != tt.path {
			t.Errorf("%s: the path error is found: %v, want %v", tt.name, path != nil, tt.path)
		}
	}
}

// How long to wait is told from now on, whoever ended the call.
func TestRetryAfterIsLeftOfWhatWasAskedFor(t *testing.T) {
	busy := func(context.Context) error { return Throttle(errNotFound, 10*time.Second) }
	t.Run("canceled in the pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withRetry(func(*Retry) {}))
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, nil)
			time.AfterFunc(3*time.Second, cancel)
			var e *Error
			if err := Run(ctx, m, busy); !errors.As(err, &e) || e.RetryAfter() != 7*time.Second {
				t.Errorf("got %v, want 7s of the callee's 10s left", err)
			}
			time.Sleep(time.Minute)
			if e.RetryAfter() != 0 {
				t.Errorf("a minute later %v are left", e.RetryAfter())
			}
		})
	})
	t.Run("refused after the pause", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 1 })))
			time.AfterFunc(time.Second, func() { Run(NoRetry(t.Context()), m, fail) })
			var e *Error
			left := func() time.Duration { return c.Stats().Breaker("Store").RetryAfter }
			if err := Run(t.Context(), m, busy); !errors.As(err, &e) || e.Reason != ErrOpen || left() == 0 || e.RetryAfter() != left() {
				t.Errorf("got %v, want the breaker's %v", err, left())
			}
		})
	})
}

func TestErrorSaysThatTheCallerCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withRetry(func(*Retry) {}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		err := Run(ctx, m, fail)
		if want := "Store.Get: context canceled by the caller (1 attempt made): backend is down"; err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	})
}

// A total timeout that passes before the callee is called is ours, and not the
// caller's deadline.
func TestTotalTimeoutBeforeTheFirstAttemptIsATimeout(t *testing.T) {
	_, m := newMethod(t, withTimeouts(time.Second, 0))
	for _, own := range []bool{true, false} {
		c := &call{method: m, caller: context.Background(), totalSet: own}
		err := c.stop(context.DeadlineExceeded)
		if errors.Is(err, ErrTimeout) != own || (c.outcome == OutcomeTimedOut) != own || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the timeout is ours: %v; got %v, %v", own, err, c.outcome)
		}
	}
}
