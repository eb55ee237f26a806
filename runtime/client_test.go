package resil

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*Spec, *MethodSpec)
		want string
	}{
		{"a breaker without a name", withBreaker(func(b *Breaker) { b.Name = "" }), "Store.Get: its breaker has no Name"},
		{"two limits of one name", func(s *Spec, m *MethodSpec) {
			withLimit(Limit{Rate: Rate{Count: 1, Per: time.Second}})(s, m)
			s.Methods = append(s.Methods, MethodSpec{Name: "Put", Policies: Policies{Limit: copyOf(m.Limit)}})
		}, "Store.Put: there are two limits called Store"},
		{"twice the same method", func(s *Spec, m *MethodSpec) { s.Methods = append(s.Methods, *m) }, "Store.Get: there are two methods of this name"},
		{"value out of range", withBreaker(func(b *Breaker) { b.Probes = 0 }), "Store.Get: breaker probes: write 1 or more"},
		{"no effect", withTimeouts(time.Second, time.Minute), "attempt=1m is longer than the whole call's 1s"},
		{"retry of nothing", withRetry(func(r *Retry) { r.On = nil }), "on is empty, so that nothing is retried"},
		{"two budgets", func(s *Spec, m *MethodSpec) {
			m.Retry = copyOf(&testRetry)
			s.Methods = append(s.Methods, MethodSpec{Name: "Put", Policies: Policies{Retry: copyOf(&testRetry)}})
			s.Methods[1].Retry.Budget = 10 * Percent
		}, "Store.Put: the retry budget is the client's: 10% here and 20% before it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
			tt.set(&spec, &spec.Methods[0])
			if _, err := New(spec); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMethodsThatPointToOneGuardShareIt(t *testing.T) {
	spec := fullSpec()
	own := copyOf(&testBreaker)
	own.Name = "Store.Put"
	spec.Methods = append(spec.Methods,
		MethodSpec{Name: "List", Policies: Policies{Breaker: spec.Methods[0].Breaker}},
		MethodSpec{Name: "Put", Policies: Policies{Breaker: own}})
	c := newClient(t, spec)
	for range 5 {
		Run(context.Background(), c.Method("List"), fail)
	}
	if err := Run(context.Background(), c.Method("Get"), succeed); !errors.Is(err, ErrOpen) || err.(*Error).Method != "Store.Get" {
		t.Errorf("Get got %v, want its own ErrOpen from the breaker it shares with List", err)
	}
	if err := Run(context.Background(), c.Method("Put"), succeed); err != nil {
		t.Errorf("Put got %v through its own breaker", err)
	}
}

func TestClientsShareNothing(t *testing.T) {
	a, b := newClient(t, fullSpec()), newClient(t, fullSpec())
	a.Breaker("Store").ForceOpen()
	if err := Run(context.Background(), b.Method("Get"), succeed); err != nil {
		t.Errorf("another client's breaker refused: %v", err)
	}
}

func TestOutcomesAddUpToCalls(t *testing.T) {
	spec := fullSpec()
	spec.Methods[0].Limit = &Limit{Name: "Store", Rate: Rate{Count: 100_000, Per: time.Second}, Burst: 300}
	spec.Methods[0].Retry.Initial = time.Nanosecond
	spec.Methods[0].Breaker.Open = time.Microsecond
	c := newClient(t, spec)
	m := c.Method("Get")
	const callers, each = 8, 500
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				func() {
					defer func() { recover() }()
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					Run(ctx, m, func(context.Context) error {
						switch rand.IntN(8) {
						case 0:
							panic("boom")
						case 1:
							cancel()
							return errDown
						case 2:
							return errNotFound
						case 3, 4:
							return errDown
						}
						return nil
					})
				}()
			}
		})
	}
	wg.Wait()
	s := c.Stats().Method("Get")
	if s.Calls != callers*each {
		t.Errorf("%d calls counted, want %d: %+v", s.Calls, callers*each, s)
	}
	if ended := s.Success + s.Application + s.Infrastructure + s.System + s.Throttled + s.Unknown; s.Attempts < ended {
		t.Errorf("%d attempts, fewer than the %d that were classed", s.Attempts, ended)
	}
}

func TestClientOf(t *testing.T) {
	type wrapper struct {
		Next   any
		client *Client
	}
	c := newClient(t, fullSpec())
	if got := ClientOf(&wrapper{client: c}); got != c {
		t.Errorf("got %p, want %p", got, c)
	}
	for _, none := range []any{nil, 7, wrapper{client: c}, &struct{ x int }{}, (*wrapper)(nil)} {
		if got := ClientOf(none); got != nil {
			t.Errorf("ClientOf(%#v) = %v, want nil", none, got)
		}
	}
}

// A client may be older than the bubble of testing/synctest that calls it, whose clock
// starts in the past: it does there what one does that was made inside.
func TestAClientMadeOutsideABubbleDoesTheSameInside(t *testing.T) {
	spec := Spec{Name: "Store", Methods: []MethodSpec{
		{Name: "Get", Policies: Policies{Retry: copyOf(&testRetry), Breaker: copyOf(&testBreaker), Timeout: &Timeout{Total: 10 * time.Second, Attempt: time.Second}}},
		{Name: "List", Policies: Policies{Retry: copyOf(&testRetry), Limit: &Limit{Name: "List", Rate: Rate{Count: 10, Per: time.Second}, Burst: 2, Wait: time.Second}}},
		{Name: "Scan", Policies: Policies{Bulkhead: &Bulkhead{Name: "Scan", Calls: 1, Wait: 2500 * time.Millisecond}}},
		{Name: "Head", Policies: Policies{Hedge: &Hedge{Delay: 10 * time.Millisecond, Max: 2, Budget: 20 * Percent}}},
	}}
	spec.Methods[0].Retry.Jitter, spec.Methods[1].Retry.Jitter = JitterNone, JitterNone
	scenario := func(c *Client) (log []string) {
		start := time.Now()
		var mu sync.Mutex
		call := func(method string, f func(context.Context) error) {
			_, err := Hedged(context.Background(), c.Method(method), func(ctx context.Context) (int, error) { return 0, f(ctx) }, nil)
			var own *Error
			if errors.As(err, &own) {
				err = fmt.Errorf("%w, retry after %v", own.Reason, own.RetryAfter().Round(time.Microsecond))
				if own.Reason == ErrOpen {
					err = ErrOpen // for a time that chance has a part in
				}
			}
			mu.Lock()
			defer mu.Unlock()
			log = append(log, fmt.Sprintf("%v %s: %v", time.Since(start).Round(time.Microsecond), method, err))
		}
		together := func(n int, method string, f func(context.Context) error) {
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() { call(method, f) })
			}
			wg.Wait()
		}
		throttled := func(after time.Duration) func(context.Context) error {
			return func(context.Context) error { return Throttle(errNotFound, after) }
		}
		wait := func(d time.Duration) func(context.Context) error {
			return func(ctx context.Context) error {
				select {
				case <-time.After(d):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		for _, after := range []time.Duration{0, time.Second, time.Hour, 100 * 365 * 24 * time.Hour} {
			call("Get", throttled(after))
		}
		for range 3 {
			call("Get", wait(time.Hour))
		}
		for range 4 {
			time.Sleep(20 * time.Second)
			call("Get", succeed)
		}
		for _, after := range []time.Duration{2 * time.Second, time.Hour, 0} {
			together(15, "List", succeed)
			call("List", throttled(after))
			time.Sleep(20 * time.Second)
		}
		together(5, "Scan", wait(time.Second))
		for range 15 {
			call("Head", wait(15*time.Millisecond))
		}
		slices.Sort(log)
		return log
	}
	outside := newClient(t, spec)
	synctest.Test(t, func(t *testing.T) {
		want := scenario(newClient(t, spec))
		if got := scenario(outside); !slices.Equal(got, want) {
			t.Errorf("outside:\n%s\ninside:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A call that does not return counts as one that panicked, also where what panics or
// ends the goroutine is asked after the callee has answered.
func TestACallThatDoesNotReturnCountsAsPanicked(t *testing.T) {
	for _, exit := range []func(){func() { panic("boom") }, runtime.Goexit} {
		for name, tt := range map[string]struct {
			ctx context.Context
			err error
		}{
			"the context":          {exiting{context.Background(), exit}, errDown},
			"a method of an error": {context.Background(), wrongly{exit}},
		} {
			t.Run(name, func(t *testing.T) {
				c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(*Breaker) {}), withTimeouts(time.Minute, 0)))
				returned := false
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() { _ = recover() }()
					Run(tt.ctx, m, func(context.Context) error { return tt.err })
					returned = true
				})
				wg.Wait()
				s := c.Stats().Method("Get")
				if returned != (s.Panicked == 0) || s.Calls != 1 || s.Attempts == 0 {
					t.Errorf("it returned: %v; stats %+v", returned, s)
				}
			})
		}
	}
}

// An exiting context exits when it is asked for a value.
type exiting struct {
	context.Context
	exit func()
}

func (e exiting) Value(any) any { e.exit(); return nil }

// A wrongly made error exits when it is asked whether it is another one.
type wrongly struct{ exit func() }

func (wrongly) Error() string   { return "wrong" }
func (w wrongly) Is(error) bool { w.exit(); return false }
