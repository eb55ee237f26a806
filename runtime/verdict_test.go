package resil

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// What a classifier says besides the class adds up; the first that decides the class
// ends the questions.
func TestVerdictsOfClassifiersAddUp(t *testing.T) {
	says := func(v Verdict) Classifier { return func(error) Verdict { return v } }
	for _, tt := range []struct {
		name        string
		err         error
		results     Verdict
		classifiers []Classifier
		want        Verdict
	}{
		{"every field of a verdict", errOdd, Verdict{}, []Classifier{says(Verdict{Throttled, time.Minute, true, true, 429})},
			Verdict{Throttled, time.Minute, true, true, 429}},
		{"no class, then a class", errOdd, Verdict{}, []Classifier{says(Verdict{Final: true}), says(Verdict{After: time.Second}), says(Verdict{Class: Throttled})},
			Verdict{Class: Throttled, After: time.Second, Final: true}},
		{"nobody is asked after a class", errOdd, Verdict{}, []Classifier{says(Verdict{Class: Throttled}), says(Verdict{Class: Infrastructure, Final: true})},
			Verdict{Class: Throttled}},
		{"no class at all", errOdd, Verdict{}, []Classifier{says(Verdict{Unsent: true})}, Verdict{Class: Unknown, Unsent: true}},
		{"network is asked for the class", io.ErrUnexpectedEOF, Verdict{}, []Classifier{says(Verdict{Final: true})},
			Verdict{Class: Infrastructure, Final: true}},
		{"the results go first", errOdd, Verdict{Class: SystemFault, Final: true}, []Classifier{says(Verdict{Class: Throttled})},
			Verdict{Class: SystemFault, Final: true}},
		{"a mark goes before the results", Infra(errOdd), Verdict{Class: SystemFault, Final: true}, nil,
			Verdict{Class: Infrastructure, Final: true}},
		{"the longest hint counts", Throttle(errOdd, time.Minute), Verdict{After: time.Second}, []Classifier{says(Verdict{After: time.Hour})},
			Verdict{Class: Throttled, After: time.Minute}},
		{"a hint below nothing", errOdd, Verdict{}, []Classifier{says(Verdict{Class: Throttled, After: -time.Second})}, Verdict{Class: Throttled}},
		{"an error that proves more than the classifier knows", &net.OpError{Op: "dial", Err: errOdd}, Verdict{}, []Classifier{says(Verdict{Class: Throttled})},
			Verdict{Class: Throttled, Unsent: true}},
		{"but not against an answer", &net.OpError{Op: "dial", Err: errOdd}, Verdict{}, []Classifier{says(Verdict{Class: Application})},
			Verdict{Class: Application}},
	} {
		if got := verdictOf(tt.err, tt.results, tt.classifiers); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// Two sources that know one failure are joined as classifiers are: the first class
// decides, and the rest adds up.
func TestVerdictsOfTwoSourcesAddUp(t *testing.T) {
	for _, tt := range []struct {
		name    string
		v, next Verdict
		want    Verdict
	}{
		{"nothing and nothing", Verdict{}, Verdict{}, Verdict{}},
		{"a code that says nothing leaves it to the response", AWSCode("InternalError"), HTTPResponse(503, map[string][]string{"Retry-After": {"2"}}),
			Verdict{Class: Throttled, After: 2 * time.Second, Status: 503}},
		{"a code that says something takes the response's hint", AWSCode("ThrottlingException"), HTTPResponse(400, map[string][]string{"Retry-After": {"2"}}),
			Verdict{Class: Throttled, After: 2 * time.Second, Status: 400}},
		{"a code with a trailer that forbids", GRPCCode(14), GRPCPushback([]string{"-1"}), Verdict{Class: Infrastructure, Final: true}},
		{"the first status counts", Verdict{Status: 503}, Verdict{Status: 500}, Verdict{Status: 503}},
		{"the longer hint counts", Verdict{Class: Throttled, After: time.Minute}, Verdict{After: time.Second}, Verdict{Class: Throttled, After: time.Minute}},
		{"a class that no error can have", Verdict{}, Verdict{Class: NothingSent}, Verdict{}},
	} {
		if got := tt.v.Or(tt.next); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// A retry on unsent repeats what certainly never arrived, of whatever class, and
// nothing else.
func TestRetryOnUnsent(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errOdd}
	for _, tt := range []struct {
		name  string
		err   error
		retry bool
	}{
		{"a dial", wrapped(dial), true},
		{"a host that is not found", &net.DNSError{}, true},
		{"a bad connection", driver.ErrBadConn, false},
		{"SafeToRetry", safeToRetry{errOdd, true}, false},
		{"a refused stream", http2StreamError{1, 7, nil}, true},
		{"a nested client's refusal", &Error{Reason: ErrOpen}, true},
		{"a mark", Unsent(errOdd), true},
		{"an answer with a mark", Unsent(App(errOdd)), true},
		{"a lost connection", net.ErrClosed, false},
		{"a bare failure", errDown, false},
		{"a nested client's refusal after an attempt", &Error{Reason: ErrOpen, Attempts: 1, Err: errDown}, false},
		{"the unknown", errOdd, false},
		{"an answer that wraps a dial", App(dial), false},
		{"what is final", Final(dial), false},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, m := newMethod(t, withRetry(func(r *Retry) { r.On = []Class{NothingSent} }))
			calls := 0
			Run(t.Context(), m, func(context.Context) error { calls++; return tt.err })
			if (calls > 1) != tt.retry {
				t.Errorf("%s: %d calls", tt.name, calls)
			}
		})
	}
	// What runs into its timeout while it dials has not arrived either.
	synctest.Test(t, func(t *testing.T) {
		_, m := newMethod(t, withAll(withTimeouts(0, time.Second), withRetry(func(r *Retry) { r.On = []Class{NothingSent} })))
		calls := 0
		err := Run(t.Context(), m, func(ctx context.Context) error {
			if calls++; calls > 1 {
				return nil
			}
			<-ctx.Done()
			return &net.OpError{Op: "dial", Err: ctx.Err()}
		})
		if err != nil || calls != 2 {
			t.Errorf("a dial that timed out: %d calls, %v", calls, err)
		}
	})
}

// For any classes to retry and any verdict, the call is repeated if the class is among
// them, or if nothing was sent and that is, and never if it is final.
func TestRetriesGoByTheVerdict(t *testing.T) {
	classes := []Class{Application, Infrastructure, SystemFault, Throttled, Unknown}
	rapid.Check(t, func(t *rapid.T) {
		on := rapid.SliceOfNDistinct(rapid.SampledFrom(append(classes, NothingSent)), 1, -1, rapid.ID[Class]).Draw(t, "on")
		v := Verdict{Class: rapid.SampledFrom(classes).Draw(t, "class"), Unsent: rapid.Bool().Draw(t, "unsent"), Final: rapid.Bool().Draw(t, "final")}
		want := false
		for _, c := range on {
			want = want || c == v.Class || c == NothingSent && v.Unsent
		}
		want = want && !v.Final
		c, err := New(Spec{Name: "Store", Methods: []MethodSpec{{
			Name:     "Get",
			Policies: Policies{Retry: &Retry{Attempts: 2, Initial: 1, Max: 1, Factor: 1, On: on}},
			Classify: []Classifier{func(error) Verdict { return v }},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		Run(context.Background(), c.Method("Get"), func(context.Context) error { calls++; return errOdd })
		if (calls == 2) != want {
			t.Errorf("on %v, %+v: %d calls", on, v, calls)
		}
	})
}

// A classifier's After is a hint like any other.
func TestAfterOfAVerdictIsAHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withRetry(func(r *Retry) { r.Attempts = 2 }), func(_ *Spec, m *MethodSpec) {
			m.Classify = []Classifier{func(error) Verdict { return Verdict{Class: Throttled, After: 10 * time.Second} }}
		}))
		f := &callee{answers: []error{errOdd}}
		if err := Run(t.Context(), m, f.call); err != nil || f.gaps()[0] < 10*time.Second {
			t.Errorf("%v after %v, want 10s or more", err, f.gaps())
		}
		f = new(callee)
		_, err := CallClassified(t.Context(), m, func(ctx context.Context) (int, error) { return len(f.calls), f.call(ctx) }, func(n int, _ error) Verdict {
			if n == 0 {
				return Verdict{Class: Throttled, After: 20 * time.Second}
			}
			return Verdict{}
		})
		if err != nil || f.gaps()[0] < 20*time.Second {
			t.Errorf("results: %v after %v, want 20s or more", err, f.gaps())
		}
		trip(t, c, m)
		time.Sleep(33 * time.Second)
		Run(t.Context(), m, func(context.Context) error { return errOdd }) // a probe that is throttled
		wantState(t, c, StateOpen)
	})
}

// Whatever a verdict asks for, the wait is at least the policy's and the open time at
// most what a hint is believed up to; what lies in the past asks for nothing.
func TestAbsurdAfterOfAVerdict(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := Verdict{Class: Throttled, After: sampled(rt, "after", math.MinInt64, math.MinInt64+1, -time.Hour, -1, 0, 1, time.Hour, math.MaxInt64)}
		byResult := rapid.Bool().Draw(rt, "by result")
		jitter := sampled(rt, "jitter", JitterNone, JitterEqual, JitterDecorrelated, Jitter(20*Percent))
		inBubble(t, rt, func(t *testing.T) error {
			c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withRetry(func(r *Retry) { r.Attempts, r.Jitter = 2, jitter }),
				func(_ *Spec, m *MethodSpec) { m.Classify = []Classifier{func(error) Verdict { return v }} }))
			f := new(callee)
			call := func() error {
				if byResult {
					return RunClassified(t.Context(), m, f.call, func(error) Verdict { return v })
				}
				f.answers = append(f.answers, errOdd, errOdd, errOdd)
				return Run(t.Context(), m, f.call)
			}
			call()
			least, _ := m.terms.Load().retry.Bounds(1)
			if gaps := f.gaps(); v.After <= 0 && len(gaps) != 1 || len(gaps) > 0 && gaps[0] < max(v.After, least) {
				return fmt.Errorf("retried after %v, want at least %v", gaps, max(v.After, least))
			}
			trip(t, c, m)
			time.Sleep(33 * time.Second)
			call() // a probe that is throttled
			open := c.Stats().Breaker("Store").Opening.Open
			low, high := 27*time.Second, 33*time.Second
			if v.After >= time.Hour {
				low, high = 300*time.Second, 300*time.Second
			}
			if open < low || open > high {
				return fmt.Errorf("open for %v, want %v to %v", open, low, high)
			}
			return nil
		})
	})
}

// Result classifiers may return a class or a verdict.
func TestResultClassifiersOfEitherForm(t *testing.T) {
	final := func(int, error) Verdict { return Verdict{Class: Infrastructure, Final: true} }
	calls := 0
	fails := func(context.Context) (int, error) { calls++; return 503, nil }
	_, m := newMethod(t, withRetry(func(r *Retry) { r.Initial, r.Max = 1, 1 }))
	hedged, err := New(Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get", Policies: Policies{Retry: copyOf(&testRetry), Hedge: &Hedge{Delay: time.Hour, Max: 1}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() (int, error){
		"CallClassified": func() (int, error) { return CallClassified(t.Context(), m, fails, final) },
		"RunClassified": func() (status int, err error) {
			err = RunClassified(t.Context(), m, func(ctx context.Context) (err error) { status, err = fails(ctx); return err }, func(error) Verdict { return final(0, nil) })
			return status, err
		},
		"HedgedClassified": func() (int, error) {
			return HedgedClassified(t.Context(), hedged.Method("Get"), fails, final, nil)
		},
	} {
		calls = 0
		if status, err := call(); status != 503 || err != nil || calls != 1 {
			t.Errorf("%s: %d, %v after %d calls, want 503 after one", name, status, err, calls)
		}
	}
	if cause := FallsBackClassified(t.Context(), m, nil, func(error) Verdict { return final(0, nil) }); cause != ErrResult {
		t.Errorf("the cause is %v", cause)
	}
	if n := testing.AllocsPerRun(1000, func() {
		CallClassified(context.Background(), m, func(context.Context) (int, error) { return 200, nil }, func(int, error) Verdict { return Verdict{Class: Success} })
	}); n != 0 {
		t.Errorf("a success: %v allocations, want 0", n)
	}
}

// An error that nobody knows is no failure, and no success either.
func TestUnknownProvesNothing(t *testing.T) {
	odd := func(context.Context) error { return errOdd }
	synctest.Test(t, func(t *testing.T) {
		c, m := newMethod(t, withAll(withBreaker(func(*Breaker) {}), withRetry(func(*Retry) {})))
		for range 100 {
			if err := Run(t.Context(), m, odd); err != errOdd {
				t.Fatalf("got %v", err)
			}
		}
		s := c.Stats()
		if get := s.Method("Get"); get.Attempts != 100 || get.Unknown != 100 || get.Failed != 100 || get.Application != 0 {
			t.Errorf("stats %+v", get)
		}
		if b := s.Breaker("Store"); b.Successes != 0 || b.Failures != 0 || b.State != StateClosed {
			t.Errorf("breaker %+v", b)
		}
		// A streak goes on through them.
		_, m = newMethod(t, withBreaker(func(b *Breaker) { b.Ratio = 0 }))
		for range testBreaker.Consecutive {
			Run(t.Context(), m, odd)
			Run(t.Context(), m, fail)
		}
		if err := Run(t.Context(), m, succeed); !errors.Is(err, ErrOpen) {
			t.Errorf("got %v, want ErrOpen", err)
		}
		// So does half-open, without a place taken for ever.
		time.Sleep(33 * time.Second)
		for range 10 * testBreaker.Probes {
			if err := Run(t.Context(), m, odd); err != errOdd {
				t.Fatalf("half-open: got %v", err)
			}
		}
		for range testBreaker.Probes {
			Run(t.Context(), m, succeed)
		}
		if got := m.breaker.State(); got != StateClosed {
			t.Errorf("breaker %v, want closed", got)
		}
	})
}

func TestUnknownFillsNoBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retries := func(before error) uint64 {
			c, m := newMethod(t, withRetry(func(r *Retry) { r.Attempts, r.Initial, r.Max = 1000, 1, 1 }))
			Run(t.Context(), m, fail) // until the budget is spent
			spent := c.Stats().Method("Get").Retries
			for range 1000 {
				Run(t.Context(), m, func(context.Context) error { return before })
			}
			Run(t.Context(), m, fail)
			return c.Stats().Method("Get").Retries - spent
		}
		if n := retries(errOdd); n != 0 {
			t.Errorf("%d retries after a thousand errors that nobody knows, want 0", n)
		}
		if n := retries(errNotFound); n == 0 {
			t.Error("no retries after a thousand answers: this test shows nothing")
		}
	})
}

func TestUnknownIsRetriedWhereAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, on := range [][]Class{{Infrastructure}, {Infrastructure, Unknown}} {
			_, m := newMethod(t, withRetry(func(r *Retry) { r.On = on }))
			calls := 0
			Run(t.Context(), m, func(context.Context) error { calls++; return errOdd })
			if want := 1 + 2*(len(on)-1); calls != want {
				t.Errorf("on %v: %d calls, want %d", on, calls, want)
			}
		}
	})
}

// Its caller lives, so that nobody knows what a cancellation means; the engine can
// tell it from other errors of its class.
func TestForeignCancellations(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{context.Canceled, true},
		{wrapped(httpError(context.Canceled)), true},
		{&net.OpError{Op: "dial", Err: canceledDial{}}, true},
		{errors.Join(errOdd, context.Canceled), true},
		{errors.Join(net.ErrClosed, context.Canceled), false},
		{context.DeadlineExceeded, false},
		{errOdd, false},
		{fmt.Errorf("%w", tls.RecordHeaderError{}), false},
	} {
		if got := foreignCancel(tt.err); got != tt.want {
			t.Errorf("%v: %t, want %t", tt.err, got, tt.want)
		}
	}
}
