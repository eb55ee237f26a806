package resil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// How other libraries broke around the policies: section D of the lessons. Each test is one line of
// that section: its comment names who broke and how, and its body shows that this
// library does not. The rules in full are tested beside the code they belong to.

// D1. In resilience4j an inner fallback disables the retry around it. Generated code
// asks for the fallback last; this is its shape, testdata/fallback.txtar its test.
func TestLessonD1_FallbackIsOutermost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 3 })))
		backend := &callee{answers: failures(99)}
		get := func(ctx context.Context) error {
			err := Run(ctx, m, backend.call)
			if m.FallsBack(ctx, err) {
				return nil
			}
			return err
		}
		for range 5 {
			if err := get(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if s := c.Stats().Method("Get"); len(backend.calls) != 3 || s.Retries != 2 || s.Fallbacks != 5 || s.Exhausted != 1 || s.Open != 4 {
			t.Errorf("%d calls, stats %+v; want three attempts before the first fallback", len(backend.calls), s)
		}
		wantState(t, c, StateOpen) // answers of a fallback are no successes of the callee
		if m.FallsBack(t.Context(), errNotFound) {
			t.Error("a fallback would replace the callee's answer")
		}
	})
}

// D2. In resilience4j a wrong name gives defaults and a missing fallback a warning;
// MicroProfile ignores an override that attaches to nothing. Directives are checked
// at generation: testdata/mistakes.txtar.
func TestLessonD2_OverrideOfNothingIsAnError(t *testing.T) {
	for target, directive := range map[string]string{"Shop.Gte": "retry", "Shopp": "breaker", "Shop.Pay": "timeout", "Shop": "retyr", "": "retry"} {
		if _, err := New(shopSpec(), WithOverrides(Overrides{target: {directive: ""}})); err == nil || !strings.Contains(err.Error(), "override of "+target+":") {
			t.Errorf("%s of %q: got %v, want an error that names it", directive, target, err)
		}
	}
}

// D3. Values that can never take effect are accepted everywhere: a minimum above the
// window, a retry that cannot start.
func TestLessonD3_ValuesWithoutEffectAreErrors(t *testing.T) {
	for name, set := range map[string]func(*Spec, *MethodSpec){
		"a retry that cannot start":        withAll(withRetry(func(r *Retry) { r.Initial = time.Second }), withTimeouts(time.Second, 0)),
		"a hedge that cannot start":        withAll(withHedge(Hedge{Delay: time.Second, Max: 1}), withTimeouts(time.Second, 0)),
		"a breaker that never opens":       withBreaker(func(b *Breaker) { b.Consecutive, b.Ratio = 0, 0 }),
		"a window shorter than its calls":  withAll(withBreaker(func(b *Breaker) { b.Window = time.Second }), withTimeouts(0, time.Second)),
		"a call that is never slow enough": withAll(withBreaker(func(b *Breaker) { b.Slow = time.Second }), withTimeouts(time.Second, 0)),
		"an attempt longer than the call":  withTimeouts(time.Second, time.Minute),
		"a wait longer than the call":      withAll(withBulkhead(Bulkhead{Calls: 1, Wait: time.Second}), withTimeouts(time.Second, 0)),
		"keys of nothing":                  withBreaker(func(b *Breaker) { b.Keys = 10 }),
		"a limit of no rate":               withLimit(Limit{Burst: 10}),
	} {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
		set(&spec, &spec.Methods[0])
		if _, err := New(spec); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// D4. An older Rust system wraps errors by their text, and their type is lost; callers
// of os.IsNotExist need the callee's own error, which no wrapping survives.
func TestLessonD4_ErrorsKeepTheirIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(*Breaker) {}), withBulkhead(Bulkhead{Calls: 1}), withTimeouts(time.Minute, time.Second)))
		own := &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}
		if err := Run(t.Context(), m, func(context.Context) error { return own }); err != error(own) || !os.IsNotExist(err) {
			t.Errorf("got %v, want the callee's own error", err)
		}
		err := Run(t.Context(), m, func(context.Context) error { return Infra(own) })
		var path *os.PathError
		if !errors.As(err, &path) || path != own || !errors.Is(err, ErrExhausted) {
			t.Errorf("got %v, want the callee's error within it", err)
		}
	})
}

// D5. In an older Python system a name in a process-wide map is the breaker: unrelated
// functions share one, and whoever comes first configures it.
func TestLessonD5_StateBelongsToAClient(t *testing.T) {
	_, strict := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1 }))
	c, lax := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 3 })) // of the same names
	Run(context.Background(), strict, fail)
	for range 2 {
		Run(context.Background(), lax, fail)
	}
	wantState(t, c, StateClosed)
	Run(context.Background(), lax, fail)
	wantState(t, c, StateOpen)
}

func detonate() error { panic("boom") }

// D6. Wrappers that recover and panic again lose the stack; few keep their counters
// right, and none on runtime.Goexit.
func TestLessonD6_PanicsPassWithTheirStackAndAreCounted(t *testing.T) {
	set := withAll(withRetry(func(r *Retry) { r.Initial = time.Nanosecond }), withBreaker(func(*Breaker) {}), withTimeouts(time.Minute, 2*time.Second),
		withBulkhead(Bulkhead{Calls: 1}), withHedge(Hedge{Delay: time.Second, Max: 1}))
	for name, call := range map[string]func(*Method, func() error){
		"call": func(m *Method, f func() error) {
			Run(context.Background(), m, func(context.Context) error { return f() })
		},
		"hedged": func(m *Method, f func() error) {
			Hedged(context.Background(), m, func(context.Context) (int, error) { return 0, f() }, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, m := newMethod(t, set)
			func() {
				defer func() {
					if r := recover(); r != "boom" || !strings.Contains(string(debug.Stack()), ".detonate(") {
						t.Errorf("recovered %v at\n%s", r, debug.Stack())
					}
				}()
				call(m, detonate)
			}()
			done := make(chan bool)
			go func() {
				defer close(done)
				call(m, func() error { runtime.Goexit(); return nil })
			}()
			<-done
			if s := c.Stats().Method("Get"); s.Panicked != 2 || s.Calls != 2 || s.Attempts != 2 || s.Retries != 0 {
				t.Errorf("stats %+v; want 2 calls, panicked, of an attempt each", s)
			}
			call(m, func() error { return nil })
			if s := c.Stats().Method("Get"); s.Succeeded != 1 {
				t.Errorf("a guard did not get over it: %+v", s)
			}
			func() {
				defer func() { recover() }()
				attempts := 0
				call(m, func() error {
					if attempts++; attempts == 1 {
						return errDown
					}
					return detonate()
				})
			}()
			retries, hedges := uint64(1), uint64(0)
			if name == "hedged" { // what fails at once is hedged at once
				retries, hedges = 0, 1
			}
			if s := c.Stats().Method("Get"); s.Panicked != 3 || s.Attempts != 5 || s.Retries != retries || s.Hedges != hedges {
				t.Errorf("stats %+v; want the call that panicked at its second attempt, too", s)
			}
		})
	}
}

// D7. Counters handed out alive change while they are read, or are changed.
func TestLessonD7_StatsAreASnapshot(t *testing.T) {
	c, m := newMethod(t, withBreaker(func(*Breaker) {}))
	Run(context.Background(), m, succeed)
	before := c.Stats()
	Run(context.Background(), m, succeed)
	if before.Method("Get").Calls != 1 || before.Breaker("Store").Successes != 1 {
		t.Errorf("the snapshot moved on: %+v", before)
	}
	before.Methods[0].Calls, before.Breakers[0].State = 99, StateOpen
	if s := c.Stats(); s.Method("Get").Calls != 2 || s.Breaker("Store").State != StateClosed {
		t.Errorf("who changes a snapshot changes the client: %+v", s)
	}
}

// D8. A metric label for each key, or each error text, is without bound.
func TestLessonD8_NothingIsLabelledByKey(t *testing.T) {
	var mu sync.Mutex
	labels := map[string]bool{}
	b := copyOf(&testBreaker)
	b.Per = "peer"
	c := newClient(t, Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{Breaker: b}}}},
		WithObserver(func(_ context.Context, e Event) {
			mu.Lock()
			defer mu.Unlock()
			labels[fmt.Sprint(e.Kind, e.Client, e.Method, e.Breaker, e.Class, e.Outcome, e.From, e.To)] = true
		}))
	get := keyedMethod[int](c, "Get")
	var few int
	for key := range 1000 {
		for range 5 {
			Run(context.Background(), get.For(key), func(context.Context) error { return Infra(fmt.Errorf("peer %d: %w", key, io.EOF)) })
		}
		c.Flush(t.Context())
		if key == 0 {
			few = len(labels)
		}
	}
	if s := c.Stats(); len(labels) != few || len(s.Breakers) != 1 || len(s.Methods) != 1 {
		t.Errorf("%d labels for a thousand keys, %d for one", len(labels), few)
	}
}
