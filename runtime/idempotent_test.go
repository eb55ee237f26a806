package resil

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A cancellation that comes out of a shared flight or an errgroup, while the caller
// waits, says nothing about the callee. It is retried where that is safe.
func TestForeignCancellationsAreRetriedWhereThatIsSafe(t *testing.T) {
	for name, tt := range map[string]struct {
		idempotent bool
		err        error
		attempts   uint64
	}{
		"idempotent":     {true, context.Canceled, 2},
		"not idempotent": {false, context.Canceled, 1},
		"wrapped":        {true, errors.Join(errors.New("flight"), context.Canceled), 2},
		"final":          {true, Final(context.Canceled), 1},
		"another error":  {true, errOdd, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newMethod(t, withAll(withRetry(func(*Retry) {}), withBreaker(func(*Breaker) {}), func(_ *Spec, m *MethodSpec) { m.Idempotent = tt.idempotent }))
				backend := &callee{answers: []error{tt.err}}
				Run(t.Context(), m, backend.call)
				if s := c.Stats().Method("Get"); s.Attempts != tt.attempts || s.Unknown != 1 {
					t.Errorf("%d attempts, %d of class unknown; want %d and 1", s.Attempts, s.Unknown, tt.attempts)
				}
				if s := c.Stats().Breaker("Store"); s.Failures != 0 {
					t.Errorf("it counts as a failure: %+v", s)
				}
			})
		})
	}
}
