package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A witness is a backend that counts its calls, fails the first few of them and,
// where slow, answers no sooner than its context ends.
type witness struct {
	fails int
	slow  bool
	calls int
}

func (w *witness) Get(ctx context.Context, id string) (int, error) {
	w.calls++
	if w.slow {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if w.calls <= w.fails {
		return 0, errDown
	}
	return len(id), nil
}

// each runs a test of every contestant that can build the stack, against time
// that passes when nobody has anything to do. go-zero has a clock of its own,
// which began outside.
func each(t *testing.T, s stack, test func(t *testing.T, w *witness, get get)) {
	for _, c := range contestants {
		if c.name == direct {
			continue
		}
		if c.build(s, &witness{}) == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			run := func(t *testing.T) {
				w := &witness{}
				test(t, w, c.build(s, w))
			}
			if c.name == goZero {
				run(t)
				return
			}
			synctest.Test(t, run)
		})
	}
}

var stacks = map[string]stack{
	"retry":    {retry: true},
	"breaker":  {breaker: true},
	"limiter":  {limit: 1},
	"all":      {retry: true, breaker: true, limit: 100},
	"bulkhead": {bulkhead: 1},
	"keyed":    {breaker: true, keys: 10},
	"allTimed": {retry: true, breaker: true, limit: 100, timeout: time.Second},
}

func eachStack(t *testing.T, has func(stack) bool, test func(*testing.T, stack, *witness, get)) {
	for name, s := range stacks {
		if has(s) {
			t.Run(name, func(t *testing.T) {
				each(t, s, func(t *testing.T, w *witness, get get) { test(t, s, w, get) })
			})
		}
	}
}

func TestAnAnswerComesBackAfterOneCall(t *testing.T) {
	eachStack(t, func(stack) bool { return true }, func(t *testing.T, _ stack, w *witness, get get) {
		if v, err := get(t.Context(), "abc"); v != 3 || err != nil || w.calls != 1 {
			t.Errorf("got %d, %v after %d calls, want 3, nil after 1", v, err, w.calls)
		}
	})
}

func TestRetryRepeatsUntilTheBackendAnswers(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.retry }, func(t *testing.T, _ stack, w *witness, get get) {
		w.fails = attempts - 1
		start := time.Now()
		if v, err := get(t.Context(), "abc"); v != 3 || err != nil || w.calls != attempts {
			t.Errorf("got %d, %v after %d calls, want 3, nil after %d", v, err, w.calls, attempts)
		}
		if time.Since(start) == 0 {
			t.Error("repeated without a pause")
		}
	})
}

func TestRetryGivesUpWithTheBackendsError(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.retry }, func(t *testing.T, _ stack, w *witness, get get) {
		w.fails = 100
		if _, err := get(t.Context(), "a"); !errors.Is(err, errDown) || w.calls != attempts {
			t.Errorf("got %v after %d calls, want %v after %d", err, w.calls, errDown, attempts)
		}
	})
}

func TestBreakerKeepsCallsFromAFailingBackend(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.breaker }, func(t *testing.T, _ stack, w *witness, get get) {
		const calls = 1000
		w.fails = calls * attempts
		refused := 0
		for range calls {
			before := w.calls
			if _, err := get(t.Context(), "a"); err == nil {
				t.Fatal("got no error")
			}
			if w.calls == before {
				refused++
			}
		}
		// go-zero refuses by chance, the others all once they are open.
		if refused < calls/2 {
			t.Errorf("%d of %d calls refused", refused, calls)
		}
	})
}

func TestLimiterRefusesBeyondItsRate(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.limit > 0 }, func(t *testing.T, s stack, w *witness, get get) {
		for range s.limit {
			if _, err := get(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := get(t.Context(), "a"); err == nil || w.calls != s.limit {
			t.Errorf("call %d: error %v after %d calls to the backend", s.limit+1, err, w.calls)
		}
		time.Sleep(time.Second)
		if _, err := get(t.Context(), "a"); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

func TestTimeoutEndsEachAttempt(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.timeout > 0 }, func(t *testing.T, s stack, w *witness, get get) {
		w.slow = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := get(ctx, "a")
		if took := time.Since(start); err == nil || took < s.timeout || took > attempts*s.timeout+time.Second {
			t.Errorf("got %v after %v and %d calls", err, took, w.calls)
		}
	})
}

func TestBulkheadRefusesBeyondItsCalls(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.bulkhead > 0 }, func(t *testing.T, s stack, w *witness, get get) {
		w.slow = true
		ctx, cancel := context.WithCancel(t.Context())
		for range s.bulkhead {
			go get(ctx, "a")
		}
		synctest.Wait()
		if _, err := get(ctx, "a"); err == nil || w.calls != s.bulkhead {
			t.Errorf("error %v after %d calls to the backend, want one after %d", err, w.calls, s.bulkhead)
		}
		cancel()
		synctest.Wait()
		w.slow = false
		if _, err := get(t.Context(), "a"); err != nil {
			t.Errorf("empty again: %v", err)
		}
	})
}

func TestAFailingKeyLeavesTheOthersAlone(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.keys > 0 }, func(t *testing.T, s stack, w *witness, get get) {
		w.fails = 100
		for range w.fails {
			get(t.Context(), "a")
		}
		if w.calls >= w.fails {
			t.Fatal("the breaker does not open")
		}
		w.fails = 0
		if v, err := get(t.Context(), "bcd"); v != 3 || err != nil {
			t.Errorf("another key: got %d, %v, want 3, nil", v, err)
		}
		if _, err := get(t.Context(), "a"); err == nil {
			t.Error("the failing key: got no error")
		}
	})
}
