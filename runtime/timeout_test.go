package resil

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// hang waits for its context, as a cooperative callee does.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func withTimeouts(total, attempt time.Duration) func(*Spec, *MethodSpec) {
	return func(_ *Spec, m *MethodSpec) { m.Timeout = &Timeout{Total: total, Attempt: attempt} }
}

func TestTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		set      func(*Spec, *MethodSpec)
		reason   error
		attempts int
		took     time.Duration
	}{
		{"total", withTimeouts(time.Second, 0), ErrTimeout, 1, time.Second},
		{"attempt", withTimeouts(0, time.Second), ErrTimeout, 1, time.Second},
		{"each attempt has its own", withAll(withTimeouts(0, time.Second), withRetry(func(r *Retry) { r.Backoff = BackoffConstant })), ErrExhausted, 3, 3200 * time.Millisecond},
		{"total cuts the second attempt", withAll(withTimeouts(1500*time.Millisecond, time.Second), withRetry(func(*Retry) {})), ErrTimeout, 2, 1500 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, tt.set)
				start := time.Now()
				err := Run(t.Context(), m, hang)
				var e *Error
				if !errors.As(err, &e) || e.Reason != tt.reason || e.Attempts != tt.attempts {
					t.Errorf("got %v, want %v after %d attempts", err, tt.reason, tt.attempts)
				}
				if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v is not found as a timeout", err)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

func TestCalleeSeesARealDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withTimeouts(3*time.Second, time.Second))
		Run(t.Context(), m, func(ctx context.Context) error {
			if d, ok := ctx.Deadline(); !ok || time.Until(d) != time.Second {
				t.Errorf("deadline in %v, want 1s", time.Until(d))
			}
			return nil
		})
	})
}

func TestAttemptContextEndsWithTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(withTimeouts(0, time.Second), withRetry(func(*Retry) {})))
		var contexts []context.Context
		Run(t.Context(), m, func(ctx context.Context) error {
			for _, earlier := range contexts {
				if earlier.Err() == nil {
					t.Error("an earlier attempt's context is still alive")
				}
			}
			contexts = append(contexts, ctx)
			return errDown
		})
	})
}

func TestCallersOwnDeadlineIsNotOurTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withTimeouts(time.Minute, time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Run(ctx, m, hang); err != context.DeadlineExceeded {
			t.Errorf("got %v, want the callee's own error", err)
		}
		if s := c.Stats().Method("Get"); s.Deadline != 1 || s.TimedOut != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestAttemptTimeoutCountsThoughTheCallersDeadlineFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withTimeouts(0, 100*time.Millisecond)))
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			Run(ctx, m, func(ctx context.Context) error {
				time.Sleep(200 * time.Millisecond) // deaf to its context
				return ctx.Err()
			})
			cancel()
		}
		wantState(t, c, StateOpen)
		if s := c.Stats().Method("Get"); s.TimedOut != 5 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestCauseNamesTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withTimeouts(time.Second, 0))
		Run(t.Context(), m, func(ctx context.Context) error {
			<-ctx.Done()
			if got, want := context.Cause(ctx).Error(), "Store.Get: timeout of 1s: timed out"; got != want {
				t.Errorf("cause %q, want %q", got, want)
			}
			return ctx.Err()
		})
	})
}

func TestAnApplicationMarkOutlivesTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withTimeouts(time.Second, 0))
		answer := App(errNotFound)
		err := Run(t.Context(), m, func(ctx context.Context) error {
			<-ctx.Done()
			return answer
		})
		if err != answer {
			t.Errorf("got %v, want the callee's own answer", err)
		}
	})
}
