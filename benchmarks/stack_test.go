package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A testStore is a store that counts its calls and fails the first of them. If it is
// slow, it returns only when its context ends.
type testStore struct {
	fails int
	slow  bool
	calls int
}

func (b *testStore) Get(ctx context.Context, id string) (int, error) {
	b.calls++
	if b.slow {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if b.calls <= b.fails {
		return 0, errDown
	}
	return len(id), nil
}

// each runs a test of every contestant that can build the stack, on a fake clock.
// go-zero has a clock of its own that runs outside the test.
func each(t *testing.T, s stack, test func(t *testing.T, b *testStore, get get)) {
	for _, c := range contestants {
		if c.name == direct {
			continue
		}
		if c.build(s, &testStore{}) == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			run := func(t *testing.T) {
				b := &testStore{}
				test(t, b, c.build(s, b))
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

func eachStack(t *testing.T, has func(stack) bool, test func(*testing.T, stack, *testStore, get)) {
	for name, s := range stacks {
		if has(s) {
			t.Run(name, func(t *testing.T) {
				each(t, s, func(t *testing.T, b *testStore, get get) { test(t, s, b, get) })
			})
		}
	}
}

func TestASuccessTakesOneCall(t *testing.T) {
	eachStack(t, func(stack) bool { return true }, func(t *testing.T, _ stack, b *testStore, get get) {
		if v, err := get(t.Context(), "abc"); v != 3 || err != nil || b.calls != 1 {
			t.Errorf("got %d, %v after %d calls, want 3, nil after 1", v, err, b.calls)
		}
	})
}

func TestRetryRepeatsUntilTheBackendSucceeds(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.retry }, func(t *testing.T, _ stack, b *testStore, get get) {
		b.fails = attempts - 1
		start := time.Now()
		if v, err := get(t.Context(), "abc"); v != 3 || err != nil || b.calls != attempts {
			t.Errorf("got %d, %v after %d calls, want 3, nil after %d", v, err, b.calls, attempts)
		}
		if time.Since(start) == 0 {
			t.Error("repeated without a pause")
		}
	})
}

func TestRetryGivesUpWithTheBackendsError(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.retry }, func(t *testing.T, _ stack, b *testStore, get get) {
		b.fails = 100
		if _, err := get(t.Context(), "a"); !errors.Is(err, errDown) || b.calls != attempts {
			t.Errorf("got %v after %d calls, want %v after %d", err, b.calls, errDown, attempts)
		}
	})
}

func TestBreakerKeepsCallsFromAFailingBackend(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.breaker }, func(t *testing.T, _ stack, b *testStore, get get) {
		const calls = 1000
		b.fails = calls * attempts
		refused := 0
		for range calls {
			before := b.calls
			if _, err := get(t.Context(), "a"); err == nil {
				t.Fatal("got no error")
			}
			if b.calls == before {
				refused++
			}
		}
		// go-zero refuses calls at random. The others refuse all calls when they are open.
		if refused < calls/2 {
			t.Errorf("%d of %d calls refused", refused, calls)
		}
	})
}

func TestLimiterRefusesBeyondItsRate(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.limit > 0 }, func(t *testing.T, s stack, b *testStore, get get) {
		for range s.limit {
			if _, err := get(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := get(t.Context(), "a"); err == nil || b.calls != s.limit {
			t.Errorf("call %d: error %v after %d calls to the backend", s.limit+1, err, b.calls)
		}
		time.Sleep(time.Second)
		if _, err := get(t.Context(), "a"); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

func TestTimeoutEndsEachAttempt(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.timeout > 0 }, func(t *testing.T, s stack, b *testStore, get get) {
		b.slow = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := get(ctx, "a")
		if took := time.Since(start); err == nil || took < s.timeout || took > attempts*s.timeout+time.Second {
			t.Errorf("got %v after %v and %d calls", err, took, b.calls)
		}
	})
}

func TestBulkheadRefusesBeyondItsCalls(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.bulkhead > 0 }, func(t *testing.T, s stack, b *testStore, get get) {
		b.slow = true
		ctx, cancel := context.WithCancel(t.Context())
		for range s.bulkhead {
			go get(ctx, "a")
		}
		synctest.Wait()
		if _, err := get(ctx, "a"); err == nil || b.calls != s.bulkhead {
			t.Errorf("error %v after %d calls to the backend, want one after %d", err, b.calls, s.bulkhead)
		}
		cancel()
		synctest.Wait()
		b.slow = false
		if _, err := get(t.Context(), "a"); err != nil {
			t.Errorf("empty again: %v", err)
		}
	})
}

func TestAFailingKeyDoesNotAffectOthers(t *testing.T) {
	eachStack(t, func(s stack) bool { return s.keys > 0 }, func(t *testing.T, s stack, b *testStore, get get) {
		b.fails = 100
		for range b.fails {
			get(t.Context(), "a")
		}
		if b.calls >= b.fails {
			t.Fatal("the breaker does not open")
		}
		b.fails = 0
		if v, err := get(t.Context(), "bcd"); v != 3 || err != nil {
			t.Errorf("another key: got %d, %v, want 3, nil", v, err)
		}
		if _, err := get(t.Context(), "a"); err == nil {
			t.Error("the failing key: got no error")
		}
	})
}
