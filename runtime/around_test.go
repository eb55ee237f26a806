package resil

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type aroundKey struct{}

// recordAround surrounds attempts under a name, and tells what it is told.
func recordAround(name string, log func(string)) Option {
	return WithAttempts(func(ctx context.Context, a AttemptInfo) (context.Context, func(Verdict)) {
		log(fmt.Sprintf("%s begins %s.%s %d hedge=%v", name, a.Client, a.Method, a.Number, a.Hedge))
		outer, _ := ctx.Value(aroundKey{}).(string)
		return context.WithValue(ctx, aroundKey{}, outer+name), func(v Verdict) {
			log(fmt.Sprintf("%s ends %s after=%v unsent=%v", name, v.Class, v.After, v.Unsent))
		}
	})
}

func TestAttemptsAreSurrounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		record := func(line string) { log = append(log, line) }
		_, m := newMethod(t, withRetry(func(*Retry) {}), WithName("eu"), recordAround("a", record), WithAttempts(nil), recordAround("b", record))
		answers := []error{Unsent(errDown), Throttle(errors.New("429"), time.Second), nil}
		Run(t.Context(), m, func(ctx context.Context) error {
			record(fmt.Sprintf("callee %v", ctx.Value(aroundKey{})))
			err := answers[0]
			answers = answers[1:]
			return err
		})
		want := []string{
			"a begins eu.Get 1 hedge=false", "b begins eu.Get 1 hedge=false", "callee ab",
			"b ends infrastructure after=0s unsent=true", "a ends infrastructure after=0s unsent=true",
			"a begins eu.Get 2 hedge=false", "b begins eu.Get 2 hedge=false", "callee ab",
			"b ends throttled after=1s unsent=false", "a ends throttled after=1s unsent=false",
			"a begins eu.Get 3 hedge=false", "b begins eu.Get 3 hedge=false", "callee ab",
			"b ends success after=0s unsent=false", "a ends success after=0s unsent=false",
		}
		if !slices.Equal(log, want) {
			t.Errorf("got\n%q\nwant\n%q", log, want)
		}
	})
}

func TestRefusedAttemptsAreNotSurrounded(t *testing.T) {
	var log []string
	c, m := newMethod(t, withBreaker(func(*Breaker) {}), recordAround("a", func(line string) { log = append(log, line) }))
	c.Breaker("Store").ForceOpen()
	Run(t.Context(), m, succeed)
	if len(log) > 0 {
		t.Errorf("got %q", log)
	}
}

func TestWhatSurroundsMayReturnNothing(t *testing.T) {
	_, m := newMethod(t, withTimeouts(time.Minute, time.Second), WithAttempts(func(ctx context.Context, a AttemptInfo) (context.Context, func(Verdict)) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("it does not see the deadline of the attempt")
		}
		return nil, nil
	}))
	if err := Run(t.Context(), m, func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the callee does not see the deadline of the attempt")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestHedgesAreSurrounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log []string
		_, m := newMethod(t, withHedge(Hedge{Delay: time.Second, Max: 1}), recordAround("a", func(line string) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, line)
		}))
		f, discard, _ := lanes(lane{after: time.Hour}, lane{after: time.Second})
		Hedged(t.Context(), m, f, discard)
		want := []string{"a begins Store.Get 1 hedge=false", "a begins Store.Get 2 hedge=true",
			"a ends success after=0s unsent=false", "a ends canceled after=0s unsent=false"}
		if !slices.Equal(log, want) {
			t.Errorf("got %q, want %q", log, want)
		}
	})
}

func TestWhatSurroundsEndsThoughTheCalleeDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(*Method){"panic": panicInCall, "exit": exitInCall} {
		var log []string
		c, m := newMethod(t, withBreaker(func(*Breaker) {}), recordAround("a", func(line string) { log = append(log, line) }))
		leave(m)
		if want := []string{"a begins Store.Get 1 hedge=false", "a ends " + Undecided.String() + " after=0s unsent=false"}; !slices.Equal(log, want) {
			t.Errorf("%s: got %q, want %q", name, log, want)
		}
		if s := c.Stats().Method("Get"); s.Panicked != 1 || s.Calls != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestAPanicInWhatSurroundsIsOneOfTheCall(t *testing.T) {
	for _, place := range []string{"begin", "end"} {
		ended := 0
		c, m := newMethod(t, withAll(withBulkhead(Bulkhead{Calls: 1}), withBreaker(func(*Breaker) {})),
			WithAttempts(func(ctx context.Context, a AttemptInfo) (context.Context, func(Verdict)) {
				return ctx, func(Verdict) { ended++ }
			}),
			WithAttempts(func(ctx context.Context, a AttemptInfo) (context.Context, func(Verdict)) {
				if place == "begin" {
					panic("boom")
				}
				return ctx, func(Verdict) { panic("boom") }
			}))
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic was lost")
				}
			}()
			Run(t.Context(), m, succeed)
		}()
		s := c.Stats()
		if ended != 1 || s.Method("Get").Panicked != 1 || s.Method("Get").Calls != 1 || s.Bulkhead("Store").InUse != 0 {
			t.Errorf("%s: ended %d, %+v", place, ended, s)
		}
	}
}

// The time that begin takes is not the callee's.
func TestTimeOfWhatSurroundsIsNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Slow = time.Second }), WithAttempts(func(ctx context.Context, _ AttemptInfo) (context.Context, func(Verdict)) {
			time.Sleep(time.Minute)
			return ctx, nil
		}))
		for range 10 {
			Run(t.Context(), m, succeed)
		}
		wantState(t, c, StateClosed)
	})
}
