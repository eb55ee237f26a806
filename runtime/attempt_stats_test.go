package resil

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// ended is how many attempts the counters of classes hold.
func (s MethodStats) ended() uint64 {
	return s.Success + s.Application + s.Infrastructure + s.System + s.Throttled + s.Unknown + s.CanceledAttempts + s.PanickedAttempts
}

// fates are what a callee can do in one attempt.
var fates = map[string]func(ctx context.Context) error{
	"succeed":   succeed,
	"app":       func(context.Context) error { return App(errNotFound) },
	"infra":     fail,
	"system":    func(context.Context) error { return System(errNotFound) },
	"throttled": func(context.Context) error { return Throttle(errNotFound, time.Second) },
	"unknown":   func(context.Context) error { return errors.New("what is it?") },
	"cancel":    func(context.Context) error { return context.Canceled },
	"panic":     func(context.Context) error { panic("the callee") },
	"goexit":    func(context.Context) error { runtime.Goexit(); return nil },
	"slow":      func(context.Context) error { time.Sleep(3 * time.Second); return nil },
	"slow fail": func(context.Context) error { time.Sleep(3 * time.Second); return errDown },
	"slow panic": func(context.Context) error {
		time.Sleep(3 * time.Second)
		panic("the callee")
	},
	"hang": func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			return nil
		}
	},
	"classifier": func(context.Context) error { return errUnclassifiable },
}

var errUnclassifiable = errors.New("the classifier panics")

// Whatever becomes of attempts, each of them is in one counter.
func TestClassesAddUpToAttempts(t *testing.T) {
	var names []string
	for name := range fates {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Classify: []Classifier{func(err error) Verdict {
			if errors.Is(err, errUnclassifiable) {
				panic(err)
			}
			return Verdict{}
		}}}}}
		m := &spec.Methods[0]
		m.Outlives = rapid.Bool().Draw(rt, "outlives")
		m.Idempotent = rapid.Bool().Draw(rt, "idempotent")
		if rapid.Bool().Draw(rt, "retry") {
			m.Retry = copyOf(&testRetry)
		}
		if rapid.Bool().Draw(rt, "hedge") {
			m.Hedge = &Hedge{Delay: time.Second, Max: rapid.IntRange(1, 3).Draw(rt, "hedges")}
		}
		if rapid.Bool().Draw(rt, "breaker") {
			m.Breaker = copyOf(&testBreaker)
		}
		if rapid.Bool().Draw(rt, "timeout") {
			m.Timeout = &Timeout{Total: 10 * time.Second, Attempt: 2 * time.Second}
		}
		var opts []Option
		if rapid.Bool().Draw(rt, "surrounded") {
			var n atomic.Int64
			opts = append(opts, WithAttempts(func(ctx context.Context, _ AttemptInfo) (context.Context, func(Verdict)) {
				return ctx, func(Verdict) {
					if n.Add(1)%5 == 0 {
						panic("who surrounds the attempt")
					}
				}
			}))
		}
		results := rapid.Bool().Draw(rt, "results")
		calls := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(names), 1, 6), 1, 8).Draw(rt, "calls")
		patience := rapid.SampledFrom([]time.Duration{0, 500 * time.Millisecond, 2500 * time.Millisecond}).Draw(rt, "patience")
		discards := rapid.Bool().Draw(rt, "discards")

		var s MethodStats
		inBubble(t, rt, func(t *testing.T) error {
			c := newClient(t, spec, opts...)
			method := c.Method("Get")
			for _, script := range calls {
				var mu sync.Mutex
				n := 0
				f := func(ctx context.Context) (int, error) {
					mu.Lock()
					fate := script[n%len(script)]
					n++
					mu.Unlock()
					return 0, fates[fate](ctx)
				}
				var ended sync.WaitGroup
				ended.Go(func() {
					defer func() { _ = recover() }()
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					if patience > 0 {
						timer := time.AfterFunc(patience, cancel)
						defer timer.Stop()
					}
					classify := func(int, error) Class { return Throttled }
					discard := func(int) {
						if discards {
							panic("discard")
						}
					}
					switch {
					case m.Hedge != nil && results:
						_, _ = HedgedClassified(ctx, method, f, classify, discard)
					case m.Hedge != nil:
						_, _ = Hedged(ctx, method, f, discard)
					case results:
						_, _ = CallClassified(ctx, method, f, classify)
					default:
						_, _ = Call(ctx, method, f)
					}
				})
				ended.Wait()
			}
			s = c.Stats().Method("Get")
			return nil
		})
		if s.ended() != s.Attempts {
			rt.Fatalf("%d of %d attempts are counted: %+v", s.ended(), s.Attempts, s)
		}
		if s.Calls != uint64(len(calls)) {
			rt.Fatalf("%d calls are counted, %d were made", s.Calls, len(calls))
		}
	})
}

func TestAttemptsThatDidNotReturn(t *testing.T) {
	for _, tt := range []struct {
		name, fate string
		canceled   uint64
		panicked   uint64
	}{
		{"a success", "succeed", 0, 0},
		{"a panic", "panic", 0, 1},
		{"runtime.Goexit", "goexit", 0, 1},
		{"a panic of the classifier", "classifier", 0, 1},
		{"the caller has gone", "hang", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, func(_ *Spec, m *MethodSpec) {
					m.Classify = []Classifier{func(err error) Verdict {
						if err == errUnclassifiable {
							panic(err)
						}
						return Verdict{}
					}}
				})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				var ended sync.WaitGroup
				ended.Go(func() {
					defer func() { _ = recover() }()
					_ = Run(ctx, m, fates[tt.fate])
				})
				ended.Wait()
				s := c.Stats().Method("Get")
				if s.CanceledAttempts != tt.canceled || s.PanickedAttempts != tt.panicked || s.Attempts != 1 {
					t.Errorf("canceled %d, panicked %d of %d; want %d, %d of 1", s.CanceledAttempts, s.PanickedAttempts, s.Attempts, tt.canceled, tt.panicked)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestHedgesThatLoseAreCanceledAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, func(_ *Spec, m *MethodSpec) { m.Hedge = &Hedge{Delay: time.Second, Max: 1} })
		var n atomic.Int32
		if _, err := Hedged(t.Context(), m, func(ctx context.Context) (int, error) {
			if n.Add(1) == 1 {
				return 0, fates["hang"](ctx)
			}
			return 0, nil
		}, nil); err != nil {
			t.Fatal(err)
		}
		if s := c.Stats().Method("Get"); s.Attempts != 2 || s.Success != 1 || s.CanceledAttempts != 1 {
			t.Errorf("%+v", s)
		}
	})
}
