package resil

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fullSpec is a spec with every policy on one method, Get.
func fullSpec() Spec {
	return Spec{
		Name: "Store",
		Methods: []MethodSpec{{Name: "Get", Policies: Policies{
			Retry:   copyOf(&testRetry),
			Breaker: copyOf(&testBreaker),
			Limit:   &Limit{Name: "Store", Rate: Rate{Count: 1_000_000_000, Per: time.Second}},
		}}},
	}
}

var (
	testRetry = Retry{Attempts: 3, Backoff: BackoffExponential, Initial: 100 * time.Millisecond, Max: 30 * time.Second, Factor: 2,
		Jitter: JitterFull, On: []Class{Infrastructure, Throttled}, Budget: 20 * Percent}
	testBreaker = Breaker{Name: "Store", Consecutive: 5, Ratio: 50 * Percent, Min: 10, Window: time.Minute, Open: 30 * time.Second, Probes: 2}
)

func newClient(t testing.TB, spec Spec, opts ...Option) *Client {
	t.Helper()
	c, err := New(spec, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newMethod returns a client of one method, Get, without a policy but those that the
// functions set.
func newMethod(t testing.TB, set func(*Spec, *MethodSpec), opts ...Option) (*Client, *Method) {
	t.Helper()
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
	set(&spec, &spec.Methods[0])
	c := newClient(t, spec, opts...)
	return c, c.Method("Get")
}

// withRetry gives the method testRetry without jitter, changed by set.
func withRetry(set func(*Retry)) func(*Spec, *MethodSpec) {
	return func(_ *Spec, m *MethodSpec) {
		m.Retry = copyOf(&testRetry)
		m.Retry.Jitter = JitterNone
		set(m.Retry)
	}
}

// withBreaker gives the method testBreaker, changed by set.
func withBreaker(set func(*Breaker)) func(*Spec, *MethodSpec) {
	return func(_ *Spec, m *MethodSpec) {
		m.Breaker = copyOf(&testBreaker)
		set(m.Breaker)
	}
}

// keyedMethod returns a method of a client by key. It is for guards that are kept by one.
func keyedMethod[K comparable](c *Client, name string) *KeyedMethod[K] {
	k := new(KeyedMethod[K])
	k.bind(c, c.plans[c.index(name)])
	return k
}

// withAll applies all sets, in their order.
func withAll(sets ...func(*Spec, *MethodSpec)) func(*Spec, *MethodSpec) {
	return func(s *Spec, m *MethodSpec) {
		for _, set := range sets {
			set(s, m)
		}
	}
}

// A callee answers each call with the next of its errors, nil beyond the last,
// and records when it was called.
type callee struct {
	answers []error
	calls   []time.Time
}

func (c *callee) call(context.Context) error {
	c.calls = append(c.calls, time.Now())
	if n := len(c.calls); n <= len(c.answers) {
		return c.answers[n-1]
	}
	return nil
}

// gaps are the times between the calls.
func (c *callee) gaps() []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(c.calls); i++ {
		gaps = append(gaps, c.calls[i].Sub(c.calls[i-1]))
	}
	return gaps
}

var (
	errDown     = Infra(errors.New("backend is down"))
	errNotFound = App(errors.New("not found"))
)

// failures returns n errors that count against a breaker.
func failures(n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = errDown
	}
	return errs
}

// askedFor is an error of the callee's with a hint of its own type.
type askedFor time.Duration

func (askedFor) Error() string               { return "503" }
func (a askedFor) RetryAfter() time.Duration { return time.Duration(a) }

// panicInCall makes a call that panics.
func panicInCall(m *Method) {
	defer func() { recover() }()
	Run(context.Background(), m, func(context.Context) error { panic("boom") })
}

// exitInCall makes a call that ends its goroutine.
func exitInCall(m *Method) {
	done := make(chan bool)
	go func() {
		defer close(done)
		Run(context.Background(), m, func(context.Context) error { runtime.Goexit(); return nil })
	}()
	<-done
}
