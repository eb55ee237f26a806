package resil

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAttemptsAreCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withRetry(func(*Retry) {}))
		backend := &callee{answers: failures(10)}
		err := Run(t.Context(), m, backend.call)
		if len(backend.calls) != 3 {
			t.Errorf("%d calls, want 3", len(backend.calls))
		}
		// Two pauses between three calls, none after the last.
		if want := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}; !slices.Equal(backend.gaps(), want) {
			t.Errorf("pauses %v, want %v", backend.gaps(), want)
		}
		if last := backend.calls[2]; !time.Now().Equal(last) {
			t.Errorf("returned %v after the last attempt", time.Since(last))
		}
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrExhausted || e.Attempts != 3 || !errors.Is(err, errDown) {
			t.Errorf("got %v, want ErrExhausted after 3 attempts around the last error", err)
		}
	})
}

func TestBackoffs(t *testing.T) {
	ms := func(n ...int) (ds []time.Duration) {
		for _, n := range n {
			ds = append(ds, time.Duration(n)*time.Millisecond)
		}
		return ds
	}
	for _, tt := range []struct {
		name string
		set  func(*Retry)
		want []time.Duration
	}{
		{"constant", func(r *Retry) { r.Backoff = BackoffConstant }, ms(100, 100, 100, 100, 100)},
		{"linear", func(r *Retry) { r.Backoff = BackoffLinear }, ms(100, 200, 300, 400, 500)},
		{"exponential", func(r *Retry) { r.Factor = 3 }, ms(100, 300, 900, 2700, 8100)},
		{"fibonacci", func(r *Retry) { r.Backoff = BackoffFibonacci }, ms(100, 100, 200, 300, 500)},
		{"capped", func(r *Retry) { r.Max = 250 * time.Millisecond }, ms(100, 200, 250, 250, 250)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 6; tt.set(r) }))
				backend := &callee{answers: failures(6)}
				Run(t.Context(), m, backend.call)
				if diff := cmp.Diff(tt.want, backend.gaps()); diff != "" {
					t.Errorf("pauses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestSuccessIsNeverThrownAway(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, m := newMethod(t, withRetry(func(*Retry) {}))
	v, err := Call(ctx, m, func(context.Context) (int, error) {
		cancel()
		return 42, nil
	})
	if v != 42 || err != nil {
		t.Errorf("got %d, %v; want 42, nil though the context ended meanwhile", v, err)
	}
}

func TestLastResultsComeBackWithTheError(t *testing.T) {
	_, m := newMethod(t, func(*Spec, *MethodSpec) {})
	v, err := Call(context.Background(), m, func(context.Context) (int, error) { return 7, errNotFound })
	if v != 7 || err != errNotFound {
		t.Errorf("got %d, %v; want the callee's own 7, %v", v, err, errNotFound)
	}
}

func TestDeadContextMakesNoCall(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	for _, tt := range []struct {
		ctx   context.Context
		want  error
		count func(MethodStats) uint64
	}{
		{canceled, context.Canceled, func(s MethodStats) uint64 { return s.Canceled }},
		{late, context.DeadlineExceeded, func(s MethodStats) uint64 { return s.Deadline }},
	} {
		spec := fullSpec()
		spec.Methods[0].Limit = &Limit{Name: "Store", Rate: Rate{Count: 1, Per: time.Hour}}
		c := newClient(t, spec)
		backend := &callee{}
		err := Run(tt.ctx, c.Method("Get"), backend.call)
		if err != tt.want || len(backend.calls) != 0 {
			t.Errorf("got %v and %d calls, want %v and none", err, len(backend.calls), tt.want)
		}
		if s := c.Stats().Method("Get"); s.Calls != 1 || tt.count(s) != 1 {
			t.Errorf("%v: stats %+v", tt.want, s)
		}
		if err := Run(context.Background(), c.Method("Get"), backend.call); err != nil {
			t.Errorf("a dead context took the only token: %v", err)
		}
	}
}

func TestNoPauseReachesTheDeadline(t *testing.T) {
	for _, tt := range []struct {
		name     string
		deadline time.Duration
		calls    int
	}{
		{"the pause ends before it", 101 * time.Millisecond, 2},
		{"the pause ends at it", 100 * time.Millisecond, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withRetry(func(*Retry) {}))
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				backend := &callee{answers: failures(9)}
				err := Run(ctx, m, backend.call)
				if len(backend.calls) != tt.calls || !errors.Is(err, ErrDeadline) || !errors.Is(err, errDown) {
					t.Errorf("%d calls, %v; want %d and ErrDeadline around the last error", len(backend.calls), err, tt.calls)
				}
				if ctx.Err() != nil {
					t.Error("slept to the deadline")
				}
				if s := c.Stats().Method("Get"); s.Deadline != 1 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

func TestCancelDuringPauseKeepsBothErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withRetry(func(*Retry) {}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		backend := &callee{answers: failures(9)}
		start := time.Now()
		err := Run(ctx, m, backend.call)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, errDown) {
			t.Errorf("got %v, want the cancellation and the last error", err)
		}
		if took := time.Since(start); took != 50*time.Millisecond {
			t.Errorf("returned after %v, want 50ms", took)
		}
		if s := c.Stats().Method("Get"); s.Canceled != 1 || s.Attempts != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestHintRaisesTheDelay(t *testing.T) {
	for _, tt := range []struct {
		name string
		hint time.Duration
		want time.Duration
	}{
		{"longer than the delay", time.Second, time.Second},
		{"shorter", time.Millisecond, 100 * time.Millisecond},
		{"as long as max", 30 * time.Second, 30 * time.Second},
		{"zero", 0, 100 * time.Millisecond},
		{"negative", -time.Hour, 100 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withRetry(func(*Retry) {}))
				backend := &callee{answers: []error{Throttle(errors.New("busy"), tt.hint)}}
				if err := Run(t.Context(), m, backend.call); err != nil {
					t.Fatal(err)
				}
				if got := backend.gaps()[0]; got != tt.want {
					t.Errorf("paused %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestHintThatTheCallCannotWaitForEndsIt(t *testing.T) {
	for _, tt := range []struct {
		name     string
		hint     time.Duration
		deadline time.Duration // the caller's
		total    time.Duration
		want     error
		outcome  func(MethodStats) uint64
		attempts int
	}{
		{"beyond the caller's deadline", 11 * time.Second, 10 * time.Second, time.Hour, ErrRetryLater, func(s MethodStats) uint64 { return s.Later }, 1},
		{"at it", 10 * time.Second, 10 * time.Second, time.Hour, ErrRetryLater, func(s MethodStats) uint64 { return s.Later }, 1},
		{"beyond the total timeout", 11 * time.Second, time.Hour, 10 * time.Second, ErrRetryLater, func(s MethodStats) uint64 { return s.Later }, 1},
		{"above max", 30*time.Second + 1, time.Hour, time.Hour, ErrRetryLater, func(s MethodStats) uint64 { return s.Later }, 1},
		{"absurd", 484_289 * time.Hour, time.Hour, time.Hour, ErrRetryLater, func(s MethodStats) uint64 { return s.Later }, 1},
		{"after the last attempt", 484_289 * time.Hour, time.Hour, time.Hour, ErrExhausted, func(s MethodStats) uint64 { return s.Exhausted }, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withTimeouts(tt.total, 0)))
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				busy := errors.New("busy")
				answers := append(failures(tt.attempts-1), Throttle(busy, tt.hint))
				backend := &callee{answers: answers}
				err := Run(ctx, m, backend.call)
				var e *Error
				if !errors.As(err, &e) || e.Reason != tt.want || !errors.Is(err, busy) || e.Attempts != tt.attempts {
					t.Fatalf("got %v, want %v after %d attempts around the callee's error", err, tt.want, tt.attempts)
				}
				if last := backend.calls[tt.attempts-1]; time.Since(last) != 0 {
					t.Errorf("ended %v after the hint", time.Since(last))
				}
				if e.RetryAfter() != tt.hint {
					t.Errorf("it says to wait %v, want %v", e.RetryAfter(), tt.hint)
				}
				if s := c.Stats().Method("Get"); s.Calls != 1 || tt.outcome(s) != 1 {
					t.Errorf("stats %+v", s)
				}
				time.Sleep(time.Second)
				if e.RetryAfter() != tt.hint-time.Second {
					t.Errorf("a second later it says to wait %v", e.RetryAfter())
				}
			})
		})
	}
}

// The jitter on a hint takes what room there is, and no more.
func TestJitterOnAHintEndsInTime(t *testing.T) {
	for _, tt := range []struct {
		name      string
		max       time.Duration
		deadline  time.Duration // the caller's
		low, high time.Duration
	}{
		{"all of it", time.Minute, time.Minute, 900 * time.Millisecond, 1900 * time.Millisecond},
		{"before the deadline", time.Minute, time.Second, 900 * time.Millisecond, time.Second - 1},
		{"up to max", time.Second, time.Minute, 900 * time.Millisecond, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, m := newMethod(t, withRetry(func(r *Retry) {
					r.Attempts, r.Initial, r.Max, r.Jitter, r.Budget = 2, time.Second, tt.max, JitterFull, 0
				}))
				low, high := forEver, time.Duration(0)
				for range 1000 {
					ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
					backend := &callee{answers: []error{Throttle(errNotFound, 900*time.Millisecond)}}
					if err := Run(ctx, m, backend.call); err != nil {
						t.Fatal(err)
					}
					low, high = min(low, backend.gaps()[0]), max(high, backend.gaps()[0])
					cancel()
				}
				margin := (tt.high - tt.low) / 50 // which 1000 draws leave empty with a chance below 1e-8
				if low < tt.low || low > tt.low+margin || high > tt.high || high < tt.high-margin {
					t.Errorf("came back after %v to %v, want %v to %v", low, high, tt.low, tt.high)
				}
			})
		})
	}
}

// A decorrelated delay follows from the policy's own part of the last one.
func TestHintsDoNotSpreadLaterDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts, r.Jitter, r.Budget = 4, JitterDecorrelated, 0 }))
		for range 50 {
			backend := &callee{}
			for range 3 {
				backend.answers = append(backend.answers, Throttle(errNotFound, 5*time.Second))
			}
			Run(t.Context(), m, backend.call)
			for i, gap := range backend.gaps() {
				_, most := m.terms.Load().retry.Bounds(i + 1)
				if spread := gap - 5*time.Second; spread < 0 || spread > most-m.terms.Load().retry.Initial {
					t.Errorf("delay %d is %v, want at most %v on top of the hint", i+1, gap, most-m.terms.Load().retry.Initial)
				}
			}
		}
	})
}

func TestOwnRefusalEndsTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts = 7 }), withBreaker(func(b *Breaker) { b.Consecutive = 3 })))
		backend := &callee{answers: failures(99)}
		err := Run(t.Context(), m, backend.call)
		var e *Error
		if !errors.As(err, &e) || e.Reason != ErrOpen || e.Attempts != 3 || !errors.Is(err, errDown) {
			t.Errorf("got %v, want ErrOpen after 3 attempts around the last error", err)
		}
		if s := c.Stats().Method("Get"); s.Open != 1 || s.Attempts != 3 || s.Retries != 2 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestLayersAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		layer := func(attempts int) *Method {
			_, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = attempts; r.On = append(r.On, Application) }))
			return m
		}
		a, b, c := layer(3), layer(4), layer(5)
		calls := 0
		bottom := func(ctx context.Context) error { calls++; return errDown }
		Run(t.Context(), a, func(ctx context.Context) error {
			return Run(ctx, b, func(ctx context.Context) error {
				return Run(ctx, c, bottom)
			})
		})
		if calls != 3+4+5-2 {
			t.Errorf("%d calls, want 10: layers add, they do not multiply", calls)
		}
	})
}

func TestAttemptTellsTheCallee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withRetry(func(*Retry) {}))
		var seen []int
		Run(t.Context(), m, func(ctx context.Context) error {
			seen = append(seen, Attempt(ctx))
			return errDown
		})
		if !slices.Equal(seen, []int{1, 2, 3}) {
			t.Errorf("attempts %v, want 1, 2, 3", seen)
		}
	})
}

func TestNoRetryIsObeyed(t *testing.T) {
	_, m := newMethod(t, withRetry(func(*Retry) {}))
	backend := &callee{answers: failures(9)}
	err := Run(NoRetry(context.Background()), m, backend.call)
	if len(backend.calls) != 1 || err != errDown {
		t.Errorf("%d calls, %v; want one call and its own error", len(backend.calls), err)
	}
}

func TestRepetitionOfAnotherProcessIsOneHere(t *testing.T) {
	_, m := newMethod(t, withRetry(func(*Retry) {}))
	for attempt, want := range map[int]int{0: 2, 2: 2, 7: 7} {
		backend := &callee{answers: failures(9)}
		Run(Repeated(context.Background(), attempt), m, func(ctx context.Context) error {
			if got := Attempt(ctx); got != want {
				t.Errorf("attempt %d is attempt %d of its callee, want %d", attempt, got, want)
			}
			return backend.call(ctx)
		})
		if len(backend.calls) != 1 {
			t.Errorf("%d calls, want 1: the other process repeats it", len(backend.calls))
		}
	}
}

func TestRetryMetrics(t *testing.T) {
	for _, tt := range []struct {
		name                        string
		answers                     []error
		retries, exhausted, retried uint64
	}{
		{"three calls all failing", failures(3), 2, 1, 0},
		{"fail then succeed", failures(1), 1, 0, 1},
		{"not retryable", []error{errNotFound}, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withRetry(func(*Retry) {}))
				Run(t.Context(), m, (&callee{answers: tt.answers}).call)
				s := c.Stats().Method("Get")
				if s.Retries != tt.retries || s.Exhausted != tt.exhausted || s.RetriedSuccesses != tt.retried || s.Calls != 1 {
					t.Errorf("Retries %d, Exhausted %d, RetriedSuccesses %d of %d calls; want %d, %d, %d of 1",
						s.Retries, s.Exhausted, s.RetriedSuccesses, s.Calls, tt.retries, tt.exhausted, tt.retried)
				}
				if s.Attempts != s.Success+s.Application+s.Infrastructure {
					t.Errorf("%d attempts do not add up: %+v", s.Attempts, s)
				}
			})
		})
	}
}

func TestNoPauseBeforeARefusal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pause time.Duration
		open  time.Duration
		calls int
		took  time.Duration
		err   error
	}{
		{"open for longer than the pause", time.Second, time.Minute, 1, 0, ErrOpen},
		{"open for less", time.Minute, time.Second, 2, time.Minute, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withAll(
					withRetry(func(r *Retry) { r.Initial, r.Max = tt.pause, tt.pause }),
					withBreaker(func(b *Breaker) { b.Consecutive, b.Open = 1, tt.open })))
				start, calls := time.Now(), 0
				err := Run(t.Context(), m, func(context.Context) error {
					if calls++; calls == 1 {
						return Infra(errors.New("down"))
					}
					return nil
				})
				if !errors.Is(err, tt.err) || calls != tt.calls || time.Since(start) != tt.took {
					t.Errorf("%v after %d calls in %v, want %v after %d in %v", err, calls, time.Since(start), tt.err, tt.calls, tt.took)
				}
				if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter() < tt.open/2 {
					t.Errorf("retry after %v, want the time that the breaker stays open", e.RetryAfter())
				}
				if open := c.Stats().Method("Get").Open; (open == 1) != (tt.err != nil) {
					t.Errorf("%d calls ended with open", open)
				}
			})
		})
	}
}

func TestErrorOfOneAttemptIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, func(_ *Spec, m *MethodSpec) { m.Timeout = &Timeout{Attempt: time.Second} })
		err := Run(t.Context(), m, func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("stream reset")
		})
		if text := err.Error(); strings.Count(text, "stream reset") != 1 || !errors.Is(err, ErrTimeout) {
			t.Errorf("%s", text)
		}
	})
}
