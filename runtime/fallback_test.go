package resil

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestFallbackRunsOnAllButAnswersAndGoneCallers(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		want bool
	}{
		{"success", context.Background(), nil, false},
		{"the callee's answer", context.Background(), errNotFound, false},
		{"infrastructure", context.Background(), errDown, true},
		{"system", context.Background(), System(errNotFound), true},
		{"throttled", context.Background(), Throttle(errNotFound, 0), true},
		{"open", context.Background(), &Error{Reason: ErrOpen}, true},
		{"limited", context.Background(), &Error{Reason: ErrLimited}, true},
		{"full", context.Background(), &Error{Reason: ErrFull}, true},
		{"timed out", context.Background(), &Error{Reason: ErrTimeout, Err: errNotFound}, true},
		{"exhausted", context.Background(), &Error{Reason: ErrExhausted, Err: errDown}, true},
		{"the caller is gone", canceled, errDown, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, m := newMethod(t, withTimeouts(time.Second, 0))
			if got := m.FallsBack(tt.ctx, tt.err); got != tt.want {
				t.Errorf("FallsBack = %v, want %v", got, tt.want)
			}
			if s := c.Stats().Method("Get"); (s.Fallbacks == 1) != tt.want {
				t.Errorf("%d fallbacks counted", s.Fallbacks)
			}
		})
	}
}

func TestSecondImplementationFindsTheCause(t *testing.T) {
	ctx := WithCause(context.Background(), errDown)
	if Cause(ctx) != errDown || Cause(context.Background()) != nil {
		t.Errorf("Cause = %v", Cause(ctx))
	}
}

func TestRegistry(t *testing.T) {
	var r Registry
	a := newClient(t, fullSpec(), WithRegistry(&r))
	b := newClient(t, fullSpec(), WithRegistry(&r))
	ctx := NewContext(context.Background(), &r)
	if got := FromContext(ctx).Clients(); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("clients %v", got)
	}
	if r.Client("Store") != a || r.Client("Stone") != nil {
		t.Error("a client is not found by its name")
	}
	r.Remove(a)
	if r.Client("Store") != b {
		t.Error("a removed client is still listed")
	}
	if none := FromContext(context.Background()); none.Clients() != nil || none.Client("Store") != nil {
		t.Error("a context without a registry has clients")
	}
	if _, err := New(Spec{Name: "X", Methods: []MethodSpec{{Name: "A"}, {Name: "A"}}}, WithRegistry(&r)); err == nil || len(r.Clients()) != 1 {
		t.Errorf("a client that could not be made is listed: %v", errors.Unwrap(err))
	}
}

// A classifier that compares with == must see the callee's error, not the one
// that says that attempts have ended.
func TestFallbackClassifiesTheCalleesOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		_, m := newMethod(t, withAll(withRetry(func(*Retry) {}), func(_ *Spec, m *MethodSpec) {
			m.Classify = []Classifier{ClassifierOf(func(err error) Class {
				if err == gone {
					return Infrastructure
				}
				return Undecided
			})}
		}))
		err := Run(t.Context(), m, func(context.Context) error { return gone })
		if !errors.Is(err, ErrExhausted) || !m.FallsBack(t.Context(), err) {
			t.Errorf("%v does not fall back", err)
		}
	})
}
