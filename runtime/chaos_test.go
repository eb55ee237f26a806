package resil

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everyCall has all attempts of Get meet a fault.
func everyCall(f Fault) Option {
	f.Always = true
	return WithChaos(Chaos{"Get": f})
}

const all = 100 * Percent

// Every guard, timeouts and WithAttempts meet a fault as they meet the callee's own.
func TestChaosIsInsideAllGuards(t *testing.T) {
	t.Run("errors are repeated, and open the breaker", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var verdicts []Class
			around := WithAttempts(func(ctx context.Context, _ AttemptInfo) (context.Context, func(Verdict)) {
				return ctx, func(v Verdict) { verdicts = append(verdicts, v.Class) }
			})
			var back callee
			c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(b *Breaker) { b.Consecutive = 3 })), everyCall(Fault{Errors: all}), around)
			err := Run(t.Context(), m, back.call)
			if !errors.Is(err, ErrExhausted) || !errors.Is(err, ErrChaos) || !strings.Contains(err.Error(), "chaos: injected by resil.WithChaos") {
				t.Errorf("got %v", err)
			}
			wantState(t, c, StateOpen)
			if len(back.calls) > 0 {
				t.Error("the callee was called")
			}
			if diff := cmp.Diff([]Class{Infrastructure, Infrastructure, Infrastructure}, verdicts); diff != "" {
				t.Error(diff)
			}
			if s := c.Stats().Method("Get"); s.ChaosErrors != 3 || s.Infrastructure != 3 || s.Attempts != 3 {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("a hang ends with the attempt's timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts = 2 }), withTimeouts(time.Minute, time.Second)), everyCall(Fault{Hangs: all}))
			start := time.Now()
			err := Run(t.Context(), m, succeed)
			if took := time.Since(start); took != 2100*time.Millisecond {
				t.Errorf("took %s", took)
			}
			var e *Error
			if !errors.As(err, &e) || !e.Timeout() || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrChaos) {
				t.Errorf("got %v", err)
			}
			if s := c.Stats().Method("Get"); s.ChaosHangs != 2 || s.Infrastructure != 2 {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("a slow attempt counts as slow, and its callee is called", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var back callee
			c, m := newMethod(t, withBreaker(func(b *Breaker) { b.Consecutive = 1; b.Slow = time.Second }), everyCall(Fault{Slow: all, Latency: 2 * time.Second}))
			start := time.Now()
			if err := Run(t.Context(), m, back.call); err != nil || len(back.calls) != 1 {
				t.Errorf("%v after %d calls", err, len(back.calls))
			}
			if took := time.Since(start); took != 2*time.Second {
				t.Errorf("took %s", took)
			}
			wantState(t, c, StateOpen)
			if s := c.Stats().Method("Get"); s.ChaosLatencies != 1 {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("a place in the bulkhead is held meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withBulkhead(Bulkhead{Calls: 1}), everyCall(Fault{Slow: all, Latency: time.Second}))
			go Run(t.Context(), m, succeed)
			synctest.Wait()
			if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrFull) {
				t.Errorf("got %v", err)
			}
		})
	})
}

// What a context wants, the option, and the switch, in all combinations that matter.
func TestChaosHitsOnlyWhoAsks(t *testing.T) {
	mine, theirs := errors.New("mine"), errors.New("theirs")
	own := Chaos{"Get": {Errors: all, Err: mine}}
	for _, tt := range []struct {
		name  string
		opts  []Option
		ctx   func(context.Context) context.Context
		after func(*Client)
		want  error
	}{
		{"without the option, a wish has no effect", nil, want(own), nil, nil},
		{"without a wish, the option has none", []Option{WithChaos(Chaos{"*": {Errors: all}})}, nil, nil, nil},
		{"a wish for what the client has", []Option{WithChaos(Chaos{"*": {Errors: all, Err: theirs}})}, want(), nil, theirs},
		{"a wish of its own goes first", []Option{WithChaos(Chaos{"*": {Errors: all, Err: theirs, Always: true}})}, want(own), nil, mine},
		{"a wish of its own wants nothing else", []Option{WithChaos(Chaos{"Get": {Errors: all, Err: theirs}})}, want(Chaos{"Put": {Errors: all}}), nil, nil},
		{"which Always does not ask", []Option{WithChaos(Chaos{"Get": {Errors: all, Err: theirs, Always: true}})}, want(Chaos{"Put": {Errors: all}}), nil, theirs},
		{"a wish of its own needs no fault of the client", []Option{WithChaos(nil)}, want(own), nil, mine},
		{"a wish for nothing", []Option{WithChaos(Chaos{"*": {Errors: all}})}, want(nil), nil, nil},
		{"by the client's name too", []Option{WithChaos(nil)}, want(Chaos{"Store.Get": {Errors: all, Err: mine}}), nil, mine},
		{"by both names of a client", []Option{WithChaos(nil), WithName("eu")}, want(Chaos{"Store.G*": {Errors: all, Err: theirs}, "eu.Get": {Errors: all, Err: mine}}), nil, mine},
		{"a name goes before patterns", []Option{WithChaos(Chaos{"*": {Errors: all}, "*Get*": {Errors: all}, "Get": {Errors: all, Err: mine}})}, want(), nil, mine},
		{"a longer pattern goes first", []Option{WithChaos(Chaos{"*": {Errors: all}, "G*": {Errors: all, Err: mine}})}, want(), nil, mine},
		{"a fault that is none exempts", []Option{WithChaos(Chaos{"*": {Errors: all}, "Get": {}})}, want(), nil, nil},
		{"the switch ends all", []Option{WithChaos(Chaos{"*": {Errors: all, Always: true}})}, want(own), (*Client).StopChaos, nil},
		{"and faults may come again", []Option{WithChaos(nil)}, nil, func(c *Client) {
			c.StopChaos()
			if err := c.SetChaos(Chaos{"G?t": {Errors: all, Err: theirs, Always: true}}); err != nil {
				t.Error(err)
			}
		}, theirs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, m := newMethod(t, func(*Spec, *MethodSpec) {}, tt.opts...)
			if tt.after != nil {
				tt.after(c)
			}
			ctx := t.Context()
			if tt.ctx != nil {
				ctx = tt.ctx(ctx)
			}
			err := Run(ctx, m, succeed)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && !errors.Is(err, ErrChaos) {
				t.Errorf("nobody can tell that %v was injected", err)
			}
		})
	}
}

// want returns what adds a wish to a context.
func want(own ...Chaos) func(context.Context) context.Context {
	return func(ctx context.Context) context.Context { return WantChaos(ctx, own...) }
}

func TestChaosObeysTheContext(t *testing.T) {
	gaveUp := errors.New("gave up")
	for _, tt := range []struct {
		name  string
		fault Fault
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		took  time.Duration
		err   error
		class func(MethodStats) uint64
	}{
		{"a deadline ends a latency", Fault{Slow: all, Latency: time.Minute}, deadline(time.Second), time.Second, context.DeadlineExceeded, func(s MethodStats) uint64 { return s.Deadline }},
		{"a deadline ends a hang", Fault{Hangs: all}, deadline(time.Second), time.Second, context.DeadlineExceeded, func(s MethodStats) uint64 { return s.Deadline }},
		{"so does a caller who gives up", Fault{Hangs: all}, func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(gaveUp) })
			return ctx, func() {}
		}, time.Second, context.Canceled, func(s MethodStats) uint64 { return s.Canceled }},
		{"without an end, a hang ends after a minute", Fault{Hangs: all}, deadline(time.Hour), time.Minute, ErrChaos, func(s MethodStats) uint64 { return s.Infrastructure }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, func(*Spec, *MethodSpec) {}, everyCall(tt.fault))
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				start := time.Now()
				err := Run(ctx, m, succeed)
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if !errors.Is(err, tt.err) || !errors.Is(err, ErrChaos) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				if s := c.Stats().Method("Get"); tt.class(s) != 1 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func deadline(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

// Six standard deviations are 3 parts in 100 and less.
func TestChaosHitsTheShareThatItSays(t *testing.T) {
	const calls = 10_000
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withTimeouts(time.Hour, 0), everyCall(Fault{Errors: 20 * Percent, Hangs: 10 * Percent, Slow: 50 * Percent, Latency: time.Second, LatencyMax: 3 * time.Second}))
		reached, waited := 0, time.Duration(0)
		for range calls {
			start := time.Now()
			Run(t.Context(), m, func(context.Context) error {
				reached++
				waited += time.Since(start)
				if wait := time.Since(start); wait != 0 && (wait < time.Second || wait >= 3*time.Second) {
					t.Errorf("waited %s", wait)
				}
				return nil
			})
		}
		s := c.Stats().Method("Get")
		for name, share := range map[string][2]float64{
			"errors":    {float64(s.ChaosErrors) / calls, 0.2},
			"hangs":     {float64(s.ChaosHangs) / calls, 0.1},
			"latencies": {float64(s.ChaosLatencies) / calls, 0.9 * 0.5},
			"reached":   {float64(reached) / calls, 0.7},
			"seconds":   {waited.Seconds() / float64(reached), 0.5 * 2},
		} {
			if share[0] < share[1]-0.04 || share[0] > share[1]+0.04 {
				t.Errorf("%s: %v, want about %v", name, share[0], share[1])
			}
		}
	})
}

func TestChaosIsToldAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		observe := func(_ context.Context, e Event) {
			switch e.Kind {
			case EventChaos:
				events = append(events, fmt.Sprintf("%s.%s attempt %d %s %s %v", e.Client, e.Method, e.Attempt, e.Fault, e.Delay, e.Err))
			case EventApplied:
				for _, c := range e.Changes {
					events = append(events, c.String())
				}
			}
		}
		c, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts = 2 }), WithObserver(observe), WithChaos(Chaos{"*": {Errors: 5 * Percent, Slow: Percent, Latency: time.Second, LatencyMax: time.Minute}}))
		c.Flush(t.Context())
		Run(WantChaos(t.Context(), Chaos{"Get": {Errors: all, Slow: all, Latency: time.Second}}), m, succeed)
		Run(WantChaos(t.Context(), Chaos{"Get": {Hangs: all}}), m, succeed)
		if err := c.SetChaos(Chaos{"Get": {Hangs: Percent, Errors: Percent, Err: io.EOF, Always: true}}); err != nil {
			t.Fatal(err)
		}
		if !c.Stats().Chaos {
			t.Error("stats do not say that chaos is on")
		}
		c.StopChaos()
		c.StopChaos() // changes nothing
		c.Flush(t.Context())
		if c.Stats().Chaos {
			t.Error("stats say that chaos is on")
		}
		const injected = "chaos: injected by resil.WithChaos"
		want := []string{
			"Store: chaos faults off → on",
			"Store: chaos *  → errors=5% slow=1% latency=1s..1m",
			"Store.Get attempt 1 latency 1s <nil>", "Store.Get attempt 1 error 0s " + injected,
			"Store.Get attempt 2 latency 1s <nil>", "Store.Get attempt 2 error 0s " + injected,
			"Store.Get attempt 1 hang 0s <nil>", "Store.Get attempt 2 hang 0s <nil>",
			"Store: chaos * errors=5% slow=1% latency=1s..1m → ",
			`Store: chaos Get  → errors=1% err="EOF" hangs=1% always`,
			"Store: chaos faults on → off",
			`Store: chaos Get errors=1% err="EOF" hangs=1% always → `,
		}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Error(diff)
		}
	})
}

func TestChaosRefusesWhatCannotBeMeant(t *testing.T) {
	for _, tt := range []struct {
		chaos Chaos
		want  string
	}{
		{Chaos{"Gte": {Errors: all}}, `unknown method "Gte"; did you mean "Get"?`},
		{Chaos{"Put*": {}}, `unknown method "Put*"; write Get`},
		{Chaos{"Shop.Get": {}}, `unknown method "Shop.Get"`},
		{Chaos{"[": {}}, `chaos of [: not a valid pattern`},
		{Chaos{"Get": {Errors: 101 * Percent}}, "Errors: 101% is not between 0% and 100%"},
		{Chaos{"Get": {Hangs: -Percent}}, "Hangs: -1% is not between"},
		{Chaos{"Get": {Errors: 60 * Percent, Hangs: 60 * Percent}}, "more than 100% together"},
		{Chaos{"Get": {Slow: all}}, "Slow has no effect without a Latency"},
		{Chaos{"Get": {Latency: time.Second}}, "Latency has no effect without Slow"},
		{Chaos{"Get": {Slow: all, Latency: 2 * time.Second, LatencyMax: time.Second}}, "2s to 1s is no span of time"},
		{Chaos{"Get": {Err: io.EOF}}, "Err has no effect without Errors"},
	} {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
		if _, err := New(spec, WithChaos(tt.chaos)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New: got %v, want %s", err, tt.want)
		}
		c := newClient(t, spec, WithChaos(Chaos{"Get": {Errors: Percent}}))
		if err := c.SetChaos(tt.chaos); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("SetChaos: got %v, want %s", err, tt.want)
		}
		if kept, on := c.Chaos(); !on || kept["Get"].Errors != Percent {
			t.Errorf("a refused SetChaos has changed %v", kept)
		}
		if strings.Contains(tt.want, "unknown method") {
			continue // a context may be for other clients
		}
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), tt.want) {
					t.Errorf("WantChaos: got %v, want %s", v, tt.want)
				}
			}()
			WantChaos(t.Context(), tt.chaos)
		}()
	}
	_, err := New(Spec{Name: "Store"}, WithChaos(nil), WithChaos(nil))
	if err == nil || !strings.Contains(err.Error(), "WithChaos is given 2 times") {
		t.Errorf("got %v", err)
	}
	err = newClient(t, Spec{Name: "Store"}).SetChaos(nil)
	if err == nil || !strings.Contains(err.Error(), "give resil.WithChaos(nil) to the constructor") {
		t.Errorf("got %v", err)
	}
}

// An attempt that a fault has ended has no results, not those of the attempt before.
func TestInjectedErrorsComeWithoutResults(t *testing.T) {
	half := errors.New("half an answer")
	spec := func(_ *Spec, m *MethodSpec) {
		m.Retry = copyOf(&testRetry)
		m.Retry.Attempts = 2
	}
	for name, call := range map[string]func(context.Context, *Method, func()) (bool, error){
		"Call": func(ctx context.Context, m *Method, then func()) (bool, error) {
			v, err := Call(ctx, m, func(context.Context) (string, error) { then(); return "half", Infra(half) })
			return v == "", err
		},
		"Hedged": func(ctx context.Context, m *Method, then func()) (bool, error) {
			v, err := Hedged(ctx, m, func(context.Context) (string, error) { then(); return "half", Infra(half) }, nil)
			return v == "", err
		},
		"CallClassified": func(ctx context.Context, m *Method, then func()) (bool, error) {
			v, err := CallClassified(ctx, m, func(context.Context) (string, error) { then(); return "half", nil }, func(string, error) Class { return Infrastructure })
			return v == "", err
		},
		"HedgedClassified": func(ctx context.Context, m *Method, then func()) (bool, error) {
			v, err := HedgedClassified(ctx, m, func(context.Context) (string, error) { then(); return "half", nil }, func(string, error) Class { return Infrastructure }, nil)
			return v == "", err
		},
		"RunClassified": func(ctx context.Context, m *Method, then func()) (bool, error) {
			err := RunClassified(ctx, m, func(context.Context) error { then(); return nil }, func(error) Class { return Infrastructure })
			return true, err
		},
		"CallSetErr": func(ctx context.Context, m *Method, then func()) (bool, error) {
			v := CallSetErr(ctx, m, func(context.Context) *command { then(); return &command{"half", Infra(half)} })
			return v.value == "", v.err
		},
		"HedgedSetErr": func(ctx context.Context, m *Method, then func()) (bool, error) {
			v := HedgedSetErr(ctx, m, func(context.Context) *command { then(); return &command{"half", Infra(half)} })
			return v.value == "", v.err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, spec, WithChaos(nil))
				calls := 0
				empty, err := call(t.Context(), m, func() {
					calls++
					if err := c.SetChaos(Chaos{"Get": {Errors: all, Always: true}}); err != nil {
						t.Error(err)
					}
				})
				if calls != 1 || !empty {
					t.Errorf("%d calls, and the results are empty: %t", calls, empty)
				}
				if !errors.Is(err, ErrExhausted) || !errors.Is(err, ErrChaos) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// Classifiers of results see only what the callee has returned.
func TestResultClassifiersAreNotAskedAboutFaults(t *testing.T) {
	c, m := newMethod(t, func(*Spec, *MethodSpec) {}, everyCall(Fault{Errors: all, Err: App(errors.New("absent"))}))
	_, err := CallClassified(t.Context(), m, func(context.Context) (int, error) { return 0, nil }, func(int, error) Class {
		t.Error("the classifier is asked")
		return Success
	})
	if s := c.Stats().Method("Get"); err == nil || s.Application != 1 || s.Success != 0 {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestFaultsOpenNoLastingResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(outliving, withTimeouts(0, time.Second)), everyCall(Fault{Hangs: all}))
		body, own, err := open(t.Context(), m, 0, &slowBody{})
		if body != nil || own != nil || !errors.Is(err, ErrTimeout) {
			t.Errorf("%v %v %v", body, own, err)
		}
	})
}

// The result of an attempt that a fault replaces must not keep its context.
func TestFaultsEndTheContextOfTheResultBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(outliving, withRetry(func(*Retry) {})), WithChaos(nil))
		var first context.Context
		_, err := CallClassified(t.Context(), m, func(ctx context.Context) (io.ReadCloser, error) {
			first = ctx
			c.SetChaos(Chaos{"Get": {Errors: all, Always: true}})
			return HoldReadCloser(ctx, &slowBody{ctx: ctx}), nil
		}, func(io.ReadCloser, error) Class { return Infrastructure })
		if !errors.Is(err, ErrChaos) || first.Err() == nil {
			t.Errorf("%v, and the context of the first result: %v", err, first.Err())
		}
	})
}

// A hedge that a fault hits is one that failed, and one beside a slow attempt wins.
func TestChaosHitsEachAttemptOfARace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, func(_ *Spec, m *MethodSpec) { m.Hedge = &Hedge{Delay: time.Second, Max: 2} }, WithChaos(Chaos{"Get": {Slow: all, Latency: 3 * time.Second, Always: true}}))
		start := time.Now()
		time.AfterFunc(1500*time.Millisecond, c.StopChaos)
		v, err := Hedged(t.Context(), m, func(context.Context) (int, error) { return 7, nil }, nil)
		if took := time.Since(start); v != 7 || err != nil || took != 2*time.Second {
			t.Errorf("%v, %v after %s", v, err, took)
		}
		if s := c.Stats().Method("Get"); s.HedgeWins != 1 || s.ChaosLatencies != 2 || s.Attempts != 3 {
			t.Errorf("%+v", s)
		}

		c, m = newMethod(t, func(_ *Spec, m *MethodSpec) { m.Hedge = &Hedge{Delay: time.Second, Max: 2} }, everyCall(Fault{Errors: all}))
		v, err = Hedged(t.Context(), m, func(context.Context) (int, error) { return 7, nil }, nil)
		if s := c.Stats().Method("Get"); v != 0 || !errors.Is(err, ErrChaos) || s.Attempts != 3 || s.ChaosErrors != 3 {
			t.Errorf("%v, %v, %+v", v, err, s)
		}
	})
}

func TestChaosMayBeChangedWhileCallsRun(t *testing.T) {
	c, m := newMethod(t, func(*Spec, *MethodSpec) {}, WithChaos(nil))
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for range 1000 {
				Run(WantChaos(t.Context()), m, succeed)
			}
		})
	}
	for range 200 {
		if err := c.SetChaos(Chaos{"*": {Errors: 50 * Percent}}); err != nil {
			t.Error(err)
		}
		c.Chaos()
		c.StopChaos()
	}
	calls.Wait()
	if s := c.Stats().Method("Get"); s.Calls != 4000 || s.ChaosErrors != s.Failed {
		t.Errorf("%+v", s)
	}
}

func TestChaosThatHitsNobodyAllocatesNothing(t *testing.T) {
	c := newClient(t, fullSpec(), WithChaos(Chaos{"Get": {Errors: all}}))
	m, ctx := c.Method("Get"), context.Background()
	next := func(context.Context, string) (int, error) { return 42, nil }
	if n := testing.AllocsPerRun(1000, func() { generatedGet(ctx, m, "a", next) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestLogWarnsOfChaos(t *testing.T) {
	observe, lines := withLog(slog.LevelDebug)
	c, m := newMethod(t, func(*Spec, *MethodSpec) {}, observe, everyCall(Fault{Errors: all}))
	c.Flush(t.Context())
	Run(t.Context(), m, succeed)
	want := []string{
		`level=WARN msg="chaos has changed" event.name=resil.chaos.changed client=Store changes="[Store: chaos faults off → on Store: chaos Get  → errors=100% always]"`,
		`level=DEBUG msg="fault injected" event.name=resil.chaos.injected client=Store method=Get attempt=1 fault=error delay=0s error="chaos: injected by resil.WithChaos"`,
	}
	if diff := cmp.Diff(want, lines()[:2]); diff != "" {
		t.Error(diff)
	}
}

// Faults may be told apart by nothing that can be read.
func TestSetChaosPutsInForceWhatReadsTheSame(t *testing.T) {
	c := newClient(t, fullSpec(), WithChaos(nil))
	down := errors.New("down")
	for _, err := range []error{App(down), Infra(down), Throttle(down, time.Second), down, fmt.Errorf("%w", down)} {
		if err := c.SetChaos(Chaos{"*": {Errors: all, Err: err, Always: true}}); err != nil {
			t.Fatal(err)
		}
		if chaos, _ := c.Chaos(); chaos["*"].Err != err {
			t.Errorf("Chaos() has %#v, want %#v", chaos["*"].Err, err)
		}
		if got := Run(Bypass(t.Context()), c.Method("Get"), succeed); ClassOf(got) != ClassOf(err) {
			t.Errorf("%#v: class %v, want %v", err, ClassOf(got), ClassOf(err))
		}
	}
	newClient(t, fullSpec()).StopChaos() // which has none
}

// What a client below has injected is the callee's own error: its results come with it.
func TestFaultsOfAClientBelowComeWithTheResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, below := newMethod(t, withRetry(func(*Retry) {}), everyCall(Fault{Errors: all}))
		for name, option := range map[string][]Option{"without faults": nil, "with faults of its own": {WithChaos(nil)}} {
			_, m := newMethod(t, withAll(), option...)
			partly := func(ctx context.Context) (int, error) {
				return 7, Run(ctx, below, succeed)
			}
			got, err := Call(t.Context(), m, partly)
			if got != 7 || !errors.Is(err, ErrChaos) {
				t.Errorf("%s: %d, %v", name, got, err)
			}
			got, err = CallClassified(t.Context(), m, partly, func(int, error) Class { return Undecided })
			if got != 7 || !errors.Is(err, ErrChaos) {
				t.Errorf("%s, classified: %d, %v", name, got, err)
			}
		}
	})
}
