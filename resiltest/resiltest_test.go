package resiltest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/resilgen/resilgen/resiltest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestExample runs what the example shows.
func TestExample(t *testing.T) {
	t.Run("TestGreeting", testGreeting)
	t.Run("TestGreetingWhileOpen", testGreetingWhileOpen)
}

// store has a policy of each kind.
//
//resil:retry 3 jitter=none on=infrastructure,unknown
type store interface {
	Get(ctx context.Context) (int, error)

	//resil:idempotent
	//resil:hedge 50ms
	//resil:retry off
	GetSlow(ctx context.Context) (int, error)

	//resil:limit 1/h mode=observe
	//resil:bulkhead 1
	//resil:retry mode=observe
	//resil:timeout 1s attempt=1s mode=observe
	GetFull(ctx context.Context) (int, error)

	//resil:breaker per=region consecutive=1
	//resil:fallback none
	//resil:retry off
	GetRegion(ctx context.Context, region string) (int, error)
}

func none(context.Context, string, error) (int, error) { return 0, nil }

// scripted answers every method with one script.
type scripted struct{ *resiltest.Script[int] }

func (s scripted) Get(ctx context.Context) (int, error)                 { return s.Next(ctx) }
func (s scripted) GetSlow(ctx context.Context) (int, error)             { return s.Next(ctx) }
func (s scripted) GetFull(ctx context.Context) (int, error)             { return s.Next(ctx) }
func (s scripted) GetRegion(ctx context.Context, _ string) (int, error) { return s.Next(ctx) }

var errDown = resil.Infra(errors.New("down\ndeeply"))

// A tested is a test whose failures are looked at.
type tested struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (t *tested) Helper()                  {}
func (t *tested) Context() context.Context { return context.Background() }
func (t *tested) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }

func (t *tested) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

func (t *tested) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}

// failures runs a test and returns what it reports, a line or more for each.
func failures(test func(t testing.TB)) string {
	own := new(tested)
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(own)
	}()
	<-done
	for _, f := range own.cleanups {
		f()
	}
	return strings.Join(own.failures, "\n")
}

func TestScriptFailsTheTest(t *testing.T) {
	for _, test := range []struct {
		name, want string
		run        func(t testing.TB)
	}{
		{"not where each step is played", "", func(t testing.TB) {
			w := resil.Must(newResilientStore(scripted{resiltest.NewScript[int](t).Fail(errDown).OK(7)}))
			if v, err := w.Get(t.Context()); v != 7 || err != nil {
				t.Errorf("got %d, %v", v, err)
			}
		}},
		{"once where an attempt finds no step", "resiltest: call 2 of the script has no step: it has 1", func(t testing.TB) {
			w := resil.Must(newResilientStore(scripted{resiltest.NewScript[int](t).Fail(errDown)}))
			if _, err := w.Get(t.Context()); err == nil {
				t.Errorf("the call succeeded")
			}
		}},
		{"where it ends too early", "resiltest: step 2 of 3 was not played: After(1m0s).Hang\nresiltest: step 3 of 3 was not played: Fail(down; deeply)", func(t testing.TB) {
			w := resil.Must(newResilientStore(scripted{resiltest.NewScript[int](t).OK(7).After(time.Minute).Hang().Fail(errDown)}))
			w.Get(t.Context())
		}},
		{"where a failure is none", "resiltest: Fail(nil) is no failure; write OK for an attempt that succeeds", func(t testing.TB) {
			resiltest.NewScript[int](t).Fail(nil)
		}},
		{"where nothing comes after a wait", "resiltest: After(1s) has no step behind it: add what happens then", func(t testing.TB) {
			resiltest.NewScript[int](t).After(time.Second)
		}},
		{"where nothing can end what hangs", "resiltest: an attempt hangs, and its context cannot end: give the method a timeout, or the caller a deadline", func(t testing.TB) {
			w := resil.Must(newResilientStore(scripted{resiltest.NewScript[int](t).Hang()}))
			w.Get(context.Background())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(*testing.T) {
				if got := failures(test.run); got != test.want {
					t.Errorf("it reports\n%s\nwant\n%s", got, test.want)
				}
			})
		})
	}
}

func TestStepsTakeTheirTimeAndObeyTheirContext(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps func(s *resiltest.Script[int])
		took  time.Duration
		err   error
	}{
		{"OK", func(s *resiltest.Script[int]) { s.OK(1) }, 0, nil},
		{"After", func(s *resiltest.Script[int]) { s.After(time.Second).After(time.Second).OK(1) }, 2 * time.Second, nil},
		{"After, once", func(s *resiltest.Script[int]) { s.After(time.Second).Fail(errDown).OK(1) }, time.Second + 100*time.Millisecond, nil},
		{"After, cut off", func(s *resiltest.Script[int]) { s.After(time.Hour).OK(1) }, time.Minute, context.DeadlineExceeded},
		{"Hang", func(s *resiltest.Script[int]) { s.Hang() }, time.Minute, context.DeadlineExceeded},
		{"Do", func(s *resiltest.Script[int]) {
			s.Do(func(ctx context.Context) (int, error) {
				return 0, fmt.Errorf("%d: %w", resil.Attempt(ctx), resil.App(io.EOF))
			})
		}, 0, io.EOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := resiltest.NewScript[int](t)
				test.steps(s)
				w := resil.Must(newResilientStore(scripted{s}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				_, err := w.Get(ctx)
				if took := time.Since(start); took != test.took || !errors.Is(err, test.err) {
					t.Errorf("it took %v and ended with %v, want %v and %v", took, err, test.took, test.err)
				}
			})
		})
	}
}

// Each kind of event has its line.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := resiltest.NewRecorder(t)
		s := resiltest.NewScript[int](t)
		w := resil.Must(newResilientStore(scripted{s}, rec.Option(), resil.WithChaos(nil)))

		s.After(time.Hour).OK(1).OK(2)
		w.GetSlow(t.Context())
		rec.Want("GetSlow hedge 2 after 50ms", "attempt 2 success", "attempt 1 canceled", "call succeeded")

		s.Do(func(ctx context.Context) (int, error) { return w.GetFull(ctx) }).OK(1)
		w.GetFull(t.Context())
		w.GetFull(t.Context())
		rec.Want("attempt 1 refused by bulkhead store.GetFull", "call full", "attempt 1 throttled", "call failed",
			"attempt 1 passes limit store.GetFull", "attempt 1 success", "call succeeded")

		s.After(2 * time.Second).Fail(errDown)
		w.GetFull(t.Context())
		rec.Want("attempt 1 passes limit store.GetFull", "would time out", "attempt 1 infrastructure", "would retry", "would time out", "call failed")

		w.Get(resil.WantChaos(t.Context(), resil.Chaos{"Get": {Errors: 100 * resil.Percent, Err: resil.App(errDown)}}))
		rec.Want("chaos error", "attempt 1 application", "call failed")

		s.Fail(errDown)
		w.GetRegion(t.Context(), "eu")
		rec.Want("attempt 1 infrastructure", "call failed", "fallback")
		w.GetRegion(t.Context(), "eu")
		rec.Want("attempt 1 refused by breaker store.GetRegion", "call open", "fallback")
		rec.WantChanges(w, "applied store: chaos faults off → on", "breaker store.GetRegion[eu] open")

		if err := w.Resilience().Apply(resil.Overrides{"store.Get": {"retry": "2"}}); err != nil {
			t.Fatal(err)
		}
		rec.WantChanges(w, "applied store.Get: retry attempts 3 → 2")
		rec.Want()
	})
}

func TestWantShowsWhatDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name  string
			lines []string
			want  string
		}{
			{"nothing", []string{"attempt 1 infrastructure", "pause 100ms", "attempt 2 success", "call succeeded"}, ""},
			{"nothing, with methods", []string{"Get attempt 1 infrastructure", "Get pause 100ms", "Get attempt 2 success", "Get call succeeded"}, ""},
			{"nothing, with patterns", []string{"attempt 1 *", "pause 0s..100ms", "* attempt 2 success", "call *"}, ""},
			{"a duration out of its range", []string{"attempt 1 infrastructure", "pause 0s..99ms", "attempt 2 success", "call succeeded"},
				`resiltest: what calls have done (+) is not what the test wants (-):
    0s         Get attempt 1 infrastructure
  -            pause 0s..99ms
  + 0s         Get pause 100ms
    100ms      Get attempt 2 success
    100ms      Get call succeeded
`},
			{"what did not happen", []string{"attempt 1 infrastructure", "pause 100ms", "attempt 2 infrastructure", "pause 200ms", "attempt 2 success", "call succeeded", "fallback"},
				`resiltest: what calls have done (+) is not what the test wants (-):
    0s         Get attempt 1 infrastructure
    0s         Get pause 100ms
  -            attempt 2 infrastructure
  -            pause 200ms
    100ms      Get attempt 2 success
    100ms      Get call succeeded
  -            fallback
`},
			{"what nobody wants", []string{"attempt 2 success"},
				`resiltest: what calls have done (+) is not what the test wants (-):
  + 0s         Get attempt 1 infrastructure (down; deeply)
  + 0s         Get pause 100ms
    100ms      Get attempt 2 success
  + 100ms      Get call succeeded
`},
		} {
			got := failures(func(t testing.TB) {
				rec := resiltest.NewRecorder(t)
				w := resil.Must(newResilientStore(scripted{resiltest.NewScript[int](t).Fail(errDown).OK(1)}, rec.Option()))
				w.Get(t.Context())
				rec.Want(test.lines...)
				rec.Want() // each line is compared once
			})
			if got != test.want {
				t.Errorf("%s: it reports\n%s\nwant\n%s", test.name, got, test.want)
			}
		}
	})
}

func TestRecorderKeepsEventsAndContexts(t *testing.T) {
	type traced struct{}
	synctest.Test(t, func(t *testing.T) {
		rec := resiltest.NewRecorder(t)
		w := resil.Must(newResilientNames(&fake{resiltest.NewScript[string](t).Fail(errDown).After(time.Millisecond).OK("")}, rec.Option()))
		start := time.Now()
		w.GetName(context.WithValue(t.Context(), traced{}, "yes"), 1)
		for i, began := range []time.Duration{0, 100 * time.Millisecond} {
			ctx := rec.Contexts()[i]
			deadline, _ := ctx.Deadline()
			if left := deadline.Sub(start) - began; left != 500*time.Millisecond || resil.Attempt(ctx) != i+1 || ctx.Value(traced{}) != "yes" {
				t.Errorf("context %d is of attempt %d, has %v and the value %v", i, resil.Attempt(ctx), left, ctx.Value(traced{}))
			}
		}
		events := rec.Events()
		if last := events[len(events)-1]; last.Kind != resil.EventCallEnded || last.At != 101*time.Millisecond || last.Elapsed != last.At {
			t.Errorf("the last event is %+v", last)
		}
	})
}

func TestForcedStatesEndWithTheTest(t *testing.T) {
	for name, force := range map[string]func(t testing.TB, wrapper any, breaker string, key ...any){
		"open": resiltest.ForceOpen, "closed": resiltest.ForceClose,
	} {
		want := map[string]resil.State{"open": resil.StateForcedOpen, "closed": resil.StateForcedClosed}[name]
		plain := resil.Must(newResilientNames(&fake{}))
		keyed := resil.Must(newResilientStore(scripted{}))
		states := func() [3]resil.State {
			return [3]resil.State{plain.Resilience().Breaker("names").State(),
				keyed.Resilience().Breaker("store.GetRegion").For("eu").State(), keyed.Resilience().Breaker("store.GetRegion").For("us").State()}
		}
		t.Run(name, func(t *testing.T) {
			force(t, plain, "names")
			force(t, keyed.Resilience(), "store.GetRegion", "eu")
			if got := states(); got != [3]resil.State{want, want, resil.StateClosed} {
				t.Errorf("the states are %v", got)
			}
		})
		if got := states(); got != [3]resil.State{} {
			t.Errorf("after the test the states are %v", got)
		}
	}
}

func TestForceSaysWhatThereIs(t *testing.T) {
	w := resil.Must(newResilientNames(&fake{}))
	keyed := resil.Must(newResilientStore(scripted{}))
	for _, test := range []struct {
		wrapper any
		breaker string
		key     []any
		want    string
	}{
		{&fake{}, "names", nil, "resiltest: *resiltest_test.fake is no generated wrapper with a client; hand over what a constructor returned"},
		{nil, "names", nil, "resiltest: <nil> is no generated wrapper with a client; hand over what a constructor returned"},
		{w, "Names", nil, `resiltest: client names has no breaker "Names"; it has ["names"]`},
		{w, "names", []any{"eu"}, "resiltest: breaker names of names is not kept by key; leave the key out"},
		{keyed, "store.GetRegion", nil, "resiltest: breaker store.GetRegion of store is kept by key, and 0 keys are given; give one"},
	} {
		got := failures(func(t testing.TB) { resiltest.ForceOpen(t, test.wrapper, test.breaker, test.key...) })
		if got != test.want {
			t.Errorf("it reports %q, want %q", got, test.want)
		}
	}
}

// Without a bubble, durations are real.
func TestInRealTime(t *testing.T) {
	rec := resiltest.NewRecorder(t)
	w := resil.Must(newResilientStore(scripted{resiltest.NewScript[int](t).Fail(errDown).After(time.Millisecond).OK(1)}, rec.Option(),
		resil.WithOverrides(resil.Overrides{"store.Get": {"retry": "initial=1ms jitter=full"}})))
	if v, err := w.Get(context.Background()); v != 1 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
	rec.Want("attempt 1 infrastructure", "pause 0s..1ms", "attempt 2 success", "call succeeded")
}
