package resil

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A reply is what a callee answers that can fail in its value.
type reply struct {
	status int
	err    error
}

// statusClass classifies replies as an HTTP client would.
func statusClass(status int, err error) Class {
	switch {
	case err != nil, status == 0:
		return Undecided
	case status == 429:
		return Throttled
	case status >= 500:
		return Infrastructure
	case status >= 400:
		return Application
	}
	return Success
}

// replies returns a callee that gives one reply after the other, the last for
// ever, and counts its calls.
func replies(list ...reply) (call func(context.Context) (int, error), calls *int) {
	calls = new(int)
	return func(context.Context) (int, error) {
		r := list[min(*calls, len(list)-1)]
		*calls++
		return r.status, r.err
	}, calls
}

func TestResultsAreClassified(t *testing.T) {
	errGone := errors.New("gone")
	for _, tt := range []struct {
		name    string
		replies []reply
		calls   int
		status  int
		err     error
		want    MethodStats
	}{
		{"a failure in the value is retried", []reply{{503, nil}, {200, nil}}, 2, 200, nil,
			MethodStats{Succeeded: 1, Attempts: 2, Success: 1, Infrastructure: 1, Retries: 1, RetriedSuccesses: 1}},
		{"the last results come back untouched", []reply{{503, nil}}, 3, 503, nil,
			MethodStats{Exhausted: 1, Attempts: 3, Infrastructure: 3, Retries: 2}},
		{"an answer in the value is not retried", []reply{{404, nil}}, 1, 404, nil,
			MethodStats{Failed: 1, Attempts: 1, Application: 1}},
		{"throttling in the value is retried", []reply{{429, nil}, {200, nil}}, 2, 200, nil,
			MethodStats{Succeeded: 1, Attempts: 2, Success: 1, Throttled: 1, Retries: 1, RetriedSuccesses: 1}},
		{"undecided leaves errors to the classifiers", []reply{{0, errDown}, {0, errGone}}, 2, 0, errGone,
			MethodStats{Failed: 1, Attempts: 2, Infrastructure: 1, Unknown: 1, Retries: 1}},
		{"an error after a failure in the value", []reply{{503, nil}, {0, errDown}}, 3, 0, errDown,
			MethodStats{Exhausted: 1, Attempts: 3, Infrastructure: 3, Retries: 2}},
		{"undecided takes what has no error for a success", []reply{{0, nil}}, 1, 0, nil,
			MethodStats{Succeeded: 1, Attempts: 1, Success: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.want.Name, tt.want.Calls = "Get", 1
				forms := map[string]func(context.Context, *Method, func(context.Context) (int, error)) (int, error){
					"CallClassified": func(ctx context.Context, m *Method, f func(context.Context) (int, error)) (int, error) {
						return CallClassified(ctx, m, f, statusClass)
					},
					"RunClassified": func(ctx context.Context, m *Method, f func(context.Context) (int, error)) (status int, err error) {
						err = RunClassified(ctx, m, func(ctx context.Context) (err error) {
							status, err = f(ctx)
							return err
						}, func(err error) Class { return statusClass(status, err) })
						return status, err
					},
					"HedgedClassified": func(ctx context.Context, m *Method, f func(context.Context) (int, error)) (int, error) {
						return HedgedClassified(ctx, m, f, statusClass, nil)
					},
				}
				for name, form := range forms {
					c, m := newMethod(t, withRetry(func(*Retry) {}))
					f, calls := replies(tt.replies...)
					status, err := form(t.Context(), m, f)
					if status != tt.status || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
						t.Errorf("%s: got %d, %v, want %d, %v", name, status, err, tt.status, tt.err)
					}
					if *calls != tt.calls {
						t.Errorf("%s: %d calls, want %d", name, *calls, tt.calls)
					}
					if diff := cmp.Diff(tt.want, c.Stats().Method("Get")); diff != "" {
						t.Errorf("%s (-want +got):\n%s", name, diff)
					}
				}
			})
		})
	}
}

func TestClassifiedFailuresOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 3 }))
		f, calls := replies(reply{503, nil})
		for range 3 {
			if status, err := CallClassified(t.Context(), m, f, statusClass); status != 503 || err != nil {
				t.Fatalf("got %d, %v, want 503 and no error", status, err)
			}
		}
		if status, err := CallClassified(t.Context(), m, f, statusClass); status != 0 || !errors.Is(err, ErrOpen) {
			t.Errorf("got %d, %v, want ErrOpen", status, err)
		}
		if *calls != 3 {
			t.Errorf("%d calls, want 3", *calls)
		}
		if got := c.Stats().Breaker("Store").LastError; got != ErrResult {
			t.Errorf("the breaker's last error is %v, want ErrResult", got)
		}
	})
}

// A mark outranks what the results say; what they say outranks classifiers.
func TestResultClassifiersStandBetweenMarksAndClassifiers(t *testing.T) {
	refuse := errors.New("refused")
	_, m := newMethod(t, func(_ *Spec, m *MethodSpec) {
		m.Retry = copyOf(&testRetry)
		m.Classify = []Classifier{func(error) Verdict { return Verdict{Class: Application} }}
	})
	synctest.Test(t, func(t *testing.T) {
		infra := func(int, error) Class { return Infrastructure }
		f, calls := replies(reply{0, refuse})
		CallClassified(t.Context(), m, f, infra)
		if *calls != testRetry.Attempts {
			t.Errorf("%d calls, want %d: what the result classifier says goes before the classifiers'", *calls, testRetry.Attempts)
		}
		f, calls = replies(reply{0, App(refuse)})
		CallClassified(t.Context(), m, f, infra)
		if *calls != 1 {
			t.Errorf("%d calls, want 1: a mark goes before what the result classifier says", *calls)
		}
		f, calls = replies(reply{0, refuse})
		_, err := CallClassified(t.Context(), m, f, func(int, error) Class { return Success })
		if *calls != 1 || err != refuse {
			t.Errorf("%d calls and %v: an error that is called a success is the callee's answer", *calls, err)
		}
	})
}

func TestClassifiedHedgeWinsByItsClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, func(_ *Spec, m *MethodSpec) { m.Hedge = &Hedge{Delay: time.Second, Max: 1} })
		var discarded []int
		status, err := HedgedClassified(t.Context(), m, func(ctx context.Context) (int, error) {
			if Attempt(ctx) > 1 {
				time.Sleep(5 * time.Second)
				return 200, nil
			}
			time.Sleep(2 * time.Second)
			return 503, nil
		}, statusClass, func(status int) { discarded = append(discarded, status) })
		if status != 200 || err != nil {
			t.Errorf("got %d, %v, want 200", status, err)
		}
		if diff := cmp.Diff([]int{503}, discarded); diff != "" {
			t.Errorf("discarded (-want +got):\n%s", diff)
		}
		if s := c.Stats().Method("Get"); s.HedgeWins != 1 || s.Succeeded != 1 {
			t.Errorf("got %+v, want the hedge to win", s)
		}
	})
}

func TestClassifiedSuccessAllocatesNothing(t *testing.T) {
	m, ctx := newClient(t, fullSpec()).Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 200, nil }
	get := func(id string) (int, error) {
		return CallClassified(ctx, m, func(ctx context.Context) (int, error) { return next(ctx, id) }, statusClass)
	}
	if n := testing.AllocsPerRun(1000, func() { get("a") }); n != 0 {
		t.Errorf("CallClassified: %v allocations, want 0", n)
	}
	run := func(id string) (status int, err error) {
		err = RunClassified(ctx, m, func(ctx context.Context) (err error) { status, err = next(ctx, id); return err },
			func(err error) Class { return statusClass(status, err) })
		return status, err
	}
	if n := testing.AllocsPerRun(1000, func() { run("a") }); n != 0 {
		t.Errorf("RunClassified: %v allocations, want 0", n)
	}
}

func TestClassifiedFallbacks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply reply
		cause error // nil for no fallback
	}{
		{"a failure in the value", reply{503, nil}, ErrResult},
		{"an answer in the value", reply{404, nil}, nil},
		{"a success", reply{200, nil}, nil},
		{"an error", reply{0, errDown}, errDown},
		{"an error that is an answer", reply{0, errNotFound}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, m := newMethod(t, func(*Spec, *MethodSpec) {})
			f, _ := replies(tt.reply)
			status, err := CallClassified(t.Context(), m, f, statusClass)
			cause := FallsBackClassified(t.Context(), m, err, func(err error) Class { return statusClass(status, err) })
			if !errors.Is(cause, tt.cause) || (cause == nil) != (tt.cause == nil) {
				t.Errorf("the cause is %v, want %v", cause, tt.cause)
			}
			if got := c.Stats().Method("Get").Fallbacks == 1; got != (tt.cause != nil) {
				t.Errorf("counted: %t", got)
			}
		})
	}
	t.Run("a refusal is not for the result classifier", func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(*Breaker) {}))
		c.Breaker("Store").ForceOpen()
		f, _ := replies(reply{200, nil})
		_, err := CallClassified(t.Context(), m, f, statusClass)
		cause := FallsBackClassified(t.Context(), m, err, func(error) Class { return Application })
		if !errors.Is(cause, ErrOpen) {
			t.Errorf("the cause is %v, want ErrOpen", cause)
		}
	})
}
