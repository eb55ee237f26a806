package resil

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What users of retries, budgets and hedges report: section F of the lessons.

// F6. A hedge's "not found" at 60 ms was thrown away for a time-out after 6.3 s
// (gRFC A6, erpc#418).
func TestLessonF6_AnswerOfAHedgeEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, all(hedge(Hedge{Delay: 50 * time.Millisecond, Max: 1}), retry(func(*Retry) {}), timeouts(0, 2*time.Second)))
		var calls atomic.Int32
		start := time.Now()
		_, err := Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if calls.Add(1)%2 == 1 { // the first of each round meets the sick replica
				return 0, hang(ctx)
			}
			time.Sleep(10 * time.Millisecond)
			return 0, errNotFound
		}, nil)
		if took := time.Since(start); err != errNotFound || took != 60*time.Millisecond || calls.Load() != 2 {
			t.Errorf("got %v after %v and %d attempts, want the hedge's own answer after 60ms and 2", err, took, calls.Load())
		}
		if s := c.Stats().Method("Get"); s.Failed != 1 || s.HedgeWins != 1 || s.Application != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

// F7. Everyone told "Retry-After: 1" came back in the same nanosecond and tripped
// the limit again (hermes-agent#109234).
func TestLessonF7_ToldOneTimeTheyComeBackSpread(t *testing.T) {
	for _, jitter := range []Jitter{JitterFull, JitterEqual, JitterDecorrelated, Jitter(20 * Percent)} {
		synctest.Test(t, func(t *testing.T) {
			_, m := one(t, retry(func(r *Retry) { r.Jitter, r.Budget = jitter, 0 }))
			const hint = 5 * time.Second
			start := time.Now()
			var mu sync.Mutex
			at := map[time.Duration]int{}
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					Run(t.Context(), m, func(ctx context.Context) error {
						if Attempt(ctx) == 1 {
							return Throttle(errNotFound, hint)
						}
						mu.Lock()
						at[time.Since(start)]++
						mu.Unlock()
						return nil
					})
				})
			}
			wg.Wait()
			for when, n := range at {
				if when < hint || when > hint+300*time.Millisecond || n > 3 {
					t.Errorf("%v jitter: %d of 100 came back after %v, want them spread behind %v", jitter, n, when, hint)
				}
			}
		})
	}
}

// F8. A hint above max was cut to max, and all attempts were spent inside the time
// that the callee had asked for; azcore stops instead.
func TestLessonF8_HintBeyondMaxEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := one(t, retry(func(r *Retry) { r.Max = 5 * time.Second }))
		calls := 0
		start := time.Now()
		err := Run(t.Context(), m, func(context.Context) error {
			calls++
			return Throttle(errNotFound, time.Minute)
		})
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrRetryLater || !errors.Is(err, errNotFound) || e.RetryAfter() != time.Minute {
			t.Errorf("got %v, want ErrRetryLater with the minute that the callee asked for", err)
		}
		if calls != 1 || time.Since(start) != 0 {
			t.Errorf("%d calls in %v, want one and the end of it at once", calls, time.Since(start))
		}
		if s := c.Stats().Method("Get"); s.Later != 1 || s.Calls != 1 || s.Retries != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// F10. The last attempt's time-out hid what the earlier ones said (temporal
// sdk-go#448).
func TestLessonF10_TimeoutHidesNoCause(t *testing.T) {
	cause := errors.New("shard 7 has no leader")
	twiceThen := func(last func(context.Context) error) func(context.Context) error {
		n := 0
		return func(ctx context.Context) error {
			if n++; n < 3 {
				return Infra(cause)
			}
			return last(ctx)
		}
	}
	for _, tt := range []struct {
		name     string
		set      func(*Spec, *MethodSpec)
		deadline time.Duration // the caller's
		last     func(context.Context) error
		reason   error
		also     error
	}{
		{"total timeout", timeouts(time.Second, 0), time.Hour, hang, ErrTimeout, context.DeadlineExceeded},
		{"attempt timeout", timeouts(0, time.Second), time.Hour, hang, ErrExhausted, ErrTimeout},
		{"in the callee's own words", timeouts(time.Second, 0), time.Hour,
			func(ctx context.Context) error { <-ctx.Done(); return errors.New("request aborted") }, ErrTimeout, context.DeadlineExceeded},
		{"the caller's deadline", timeouts(time.Hour, 0), time.Second, hang, ErrDeadline, context.DeadlineExceeded},
		{"a time-out in the callee", timeouts(time.Hour, 0), time.Hour,
			func(context.Context) error { return &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded} }, ErrExhausted, os.ErrDeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := one(t, all(retry(func(*Retry) {}), tt.set))
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				err := Run(ctx, m, twiceThen(tt.last))
				var e *Error
				if !errors.As(err, &e) || e.Reason != tt.reason || e.Attempts != 3 || !errors.Is(err, tt.also) {
					t.Errorf("got %v, want %v after 3 attempts around %v", err, tt.reason, tt.also)
				}
				if !errors.Is(err, cause) || !strings.HasSuffix(err.Error(), "; an earlier attempt: shard 7 has no leader") {
					t.Errorf("two attempts said %q, the call says %q", cause, err)
				}
			})
		})
	}
}

// F13. errors.As to Timeout() bool failed on our own time-outs (golang/go#31449).
func TestLessonF13_TimeoutIsOneInGosWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := one(t, timeouts(0, time.Second))
		err := Run(t.Context(), m, func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("request aborted")
		})
		var timeout interface{ Timeout() bool }
		if !errors.Is(err, ErrTimeout) || !errors.As(err, &timeout) || !timeout.Timeout() || !os.IsTimeout(err) {
			t.Errorf("%v is no timeout by errors.As and os.IsTimeout", err)
		}
		var netErr net.Error
		if !errors.As(err, &netErr) || !netErr.Timeout() {
			t.Errorf("%v is no timeout as a net.Error", err)
		}
	})
}

// F15. Each small client's budget of 100 and 10 a second let 40 of them triple a
// dying backend's load.
func TestLessonF15_QuietClientsTogetherDoNotStorm(t *testing.T) {
	for _, fleet := range []int{1, 10, 40} {
		synctest.Test(t, func(t *testing.T) {
			const rate, seconds = 160, 60 // of all together
			var clients []*Method
			for range fleet {
				_, m := one(t, retry(func(*Retry) {}))
				clients = append(clients, m)
			}
			var attempts atomic.Int64
			var wg sync.WaitGroup
			for i := range rate * seconds {
				time.Sleep(time.Second / rate)
				wg.Go(func() {
					Run(t.Context(), clients[i%fleet], func(context.Context) error { attempts.Add(1); return errDown })
				})
			}
			wg.Wait()
			// The reserve of each, and what comes back of it in a minute.
			if retries, most := attempts.Load()-rate*seconds, int64(fleet*(10+6)); retries > most || retries < most-int64(fleet) {
				t.Errorf("%d clients made %d retries of %d calls that all failed, want %d", fleet, retries, rate*seconds, most)
			}
		})
	}
}

// F18. What a callee asked for must reach those who can act on it: callers that
// want to reschedule, handlers that pass it on (urllib3#5152).
func TestLessonF18_HintIsPassedOn(t *testing.T) {
	busy := Throttle(errNotFound, time.Minute)
	for _, tt := range []struct {
		name string
		set  func(*Spec, *MethodSpec)
		err  error
		want time.Duration
	}{
		{"too long to wait for", retry(func(*Retry) {}), busy, time.Minute},
		{"at the last attempt", retry(func(r *Retry) { r.Max = time.Hour }), busy, time.Minute},
		{"without a budget", retry(func(r *Retry) { r.Attempts, r.Max = 99, time.Hour }), busy, time.Minute},
		{"the longest of several", retry(func(*Retry) {}), errors.Join(Throttle(errDown, time.Second), busy, Throttle(errDown, 2*time.Second)), time.Minute},
		{"the longest of a chain", retry(func(*Retry) {}), Throttle(busy, time.Second), time.Minute},
		{"out of a nested client", retry(func(*Retry) {}), &Error{Reason: ErrRetryLater, Err: busy}, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := one(t, tt.set)
				err := Run(t.Context(), m, func(context.Context) error { return tt.err })
				var e *Error
				if !errors.As(err, &e) || e.RetryAfter() != tt.want {
					t.Errorf("got %v, want it to say %v", err, tt.want)
				}
			})
		})
	}
}
