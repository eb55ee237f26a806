package resil

import (
	"context"
	"testing"
	"time"
)

func TestSpecIsWhatIsInForce(t *testing.T) {
	spec := fullSpec()
	spec.Methods[0].Method = new(Method)
	spec.Methods[0].Limit.Burst = 0 // New fills it in
	c := newClient(t, spec, WithName("orders-eu"), WithOverrides(Overrides{"Store.Get": {"retry": "attempts=7"}}))
	if c.Interface() != "Store" || c.Name() != "orders-eu" {
		t.Errorf("interface %q, name %q", c.Interface(), c.Name())
	}
	got := c.Spec()
	m := got.Methods[0]
	if got.Name != "Store" || m.Retry.Attempts != 7 || m.Limit.Burst != spec.Methods[0].Limit.Rate.Count || m.Method != nil {
		t.Errorf("%+v", got)
	}
	if err := c.Apply(Overrides{"Store": {"breaker": "open=7s"}}); err != nil {
		t.Fatal(err)
	}
	if now := c.Spec().Methods[0]; now.Breaker.Open != 7*time.Second || now.Retry.Attempts != 3 {
		t.Errorf("after Apply: %+v, %+v", now.Breaker, now.Retry)
	}
}

func TestChangingTheSpecOfAClientChangesNothingInIt(t *testing.T) {
	spec := fullSpec()
	spec.Methods[0].Classify = []Classifier{func(error) Verdict { return Verdict{Class: SystemFault} }}
	c := newClient(t, spec)
	m := c.Spec().Methods[0]
	m.Retry.On[0], m.Breaker.Open, m.Classify[0] = Application, 1, nil
	if m := c.Spec().Methods[0]; m.Retry.On[0] != Infrastructure || m.Breaker.Open != testBreaker.Open || m.Classify[0] == nil {
		t.Errorf("%+v %+v", m.Retry, m.Breaker)
	}
}

func TestStatsTellTheModeOfABreaker(t *testing.T) {
	for _, tt := range []struct {
		name string
		per  string
		key  []any
	}{
		{"of a client", "", nil},
		{"of all keys", "id", nil},
		{"of a key that is held", "id", []any{"a"}},
		{"of a key that is not", "id", []any{"b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newMethod(t, withBreaker(func(b *Breaker) { b.Per, b.Keys = tt.per, 10*len(tt.per) }))
			if tt.per != "" {
				keyedMethod[string](c, "Get").For("a").entry.unpin()
			}
			for _, mode := range []Mode{ModeEnforce, ModeObserve} {
				if err := c.Apply(Overrides{"Store": {"breaker": "mode=" + mode.String()}}); err != nil {
					t.Fatal(err)
				}
				if got := c.Stats().Breaker("Store", tt.key...).Mode; got != mode {
					t.Errorf("%s, want %s", got, mode)
				}
			}
		})
	}
}

func TestEventsTellHedgesAndRetries(t *testing.T) {
	type told struct {
		kind    EventKind
		attempt int
		hedge   bool
		retries int
	}
	var got []told
	hedged := func(_ *Spec, m *MethodSpec) { m.Hedge = &Hedge{Delay: time.Hour, Max: 1} }
	_, m := newMethod(t, withAll(withRetry(func(r *Retry) { r.Attempts, r.Initial, r.Max = 3, 1, 1 }), hedged, withLimit(Limit{Rate: Rate{Count: 5, Per: time.Hour}})),
		WithObserver(func(_ context.Context, e Event) { // one at a time: a failure starts the next
			if e.Kind != EventRetryScheduled && e.Kind != EventHedgeStarted {
				got = append(got, told{e.Kind, e.Attempt, e.Hedge, e.Retries})
			}
		}))
	_, _ = Hedged(t.Context(), m, func(ctx context.Context) (int, error) { return 0, fail(ctx) }, nil)
	want := []told{
		{EventAttemptEnded, 1, false, 0},
		{EventAttemptEnded, 2, true, 0},
		{EventAttemptEnded, 3, false, 0},
		{EventAttemptEnded, 4, true, 0},
		{EventAttemptEnded, 5, false, 0},
		{EventRefused, 6, true, 0},
		{EventCallEnded, 5, false, 2},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
