package resil

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// full is a spec with every policy on one method, Get.
func full() Spec {
	return Spec{
		Name:     "Store",
		Breakers: map[string]Breaker{"Store": testBreaker},
		Limits:   map[string]Limit{"Store": {Rate: Rate{Count: 1_000_000_000, Per: time.Second}}},
		Methods:  []MethodSpec{{Name: "Get", Retry: testRetry, Breaker: "Store", Limit: "Store"}},
	}
}

var (
	testRetry = Retry{Attempts: 3, Backoff: Exponential, Initial: 100 * time.Millisecond, Max: 30 * time.Second, Factor: 2,
		Jitter: FullJitter, On: []Class{Infrastructure, Throttled}, Budget: 20 * Percent}
	testBreaker = Breaker{Consecutive: 5, Ratio: 50 * Percent, Min: 10, Window: time.Minute, Open: 30 * time.Second, Probes: 2}
)

func newClient(t testing.TB, spec Spec, opts ...Option) *Client {
	t.Helper()
	c, err := New(spec, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// one returns a client of one method, Get, without a policy but those that the
// functions set.
func one(t testing.TB, set func(*Spec, *MethodSpec), opts ...Option) (*Client, *Method) {
	t.Helper()
	spec := Spec{Name: "Store", Methods: []MethodSpec{{Name: "Get"}}}
	set(&spec, &spec.Methods[0])
	c := newClient(t, spec, opts...)
	return c, c.Method("Get")
}

func retry(set func(*Retry)) func(*Spec, *MethodSpec) {
	return func(_ *Spec, m *MethodSpec) {
		m.Retry = testRetry
		m.Retry.Jitter = NoJitter
		set(&m.Retry)
	}
}

func breaker(set func(*Breaker)) func(*Spec, *MethodSpec) {
	return func(s *Spec, m *MethodSpec) {
		b := testBreaker
		set(&b)
		s.Breakers = map[string]Breaker{"Store": b}
		m.Breaker = "Store"
	}
}

func all(sets ...func(*Spec, *MethodSpec)) func(*Spec, *MethodSpec) {
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
	errNotFound = errors.New("not found")
)

func fails(n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = errDown
	}
	return errs
}
