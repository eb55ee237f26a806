package simulate

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/resilgen/resilgen/internal/simulation"
)

// failsafeVersion is the one that go.mod requires.
const failsafeVersion = "v0.9.8"

// A failsafeGo is a client's policies in failsafe-go, with the numbers that resilgen has
// by default, in the order that its documentation recommends.
type failsafeGo struct {
	name     string
	retry    bool
	budget   bool // of the retries
	breaker  bool
	failures []error // what counts as one; nil for all errors
	opened   func()  // called when a breaker opens, if not nil
}

// failsafePrefix begins the names of its policies.
const failsafePrefix = "failsafe-go: "

func (f failsafeGo) policy() simulation.Policy {
	return simulation.Policy{Name: failsafePrefix + f.name, New: func() simulation.Guard {
		executor := failsafe.With(f.policies()...)
		return func(ctx context.Context, backend func(context.Context) error) error {
			return executor.WithContext(ctx).RunWithExecution(func(e failsafe.Execution[any]) error {
				return backend(e.Context())
			})
		}
	}}
}

func (f failsafeGo) policies() (list []failsafe.Policy[any]) {
	if f.retry {
		// Its jitter spreads a delay both ways. Half the delay, with all of itself as
		// jitter, is what resilgen has: from nothing to 100 ms, then to 200 ms.
		b := retrypolicy.NewBuilder[any]().
			AbortOnErrors(circuitbreaker.ErrOpen).
			WithMaxAttempts(3).
			WithBackoff(50*time.Millisecond, 15*time.Second).
			WithJitterFactor(1)
		if f.failures != nil {
			b = b.HandleErrors(f.failures...)
		}
		if f.budget {
			b = b.WithBudget(budget.New())
		}
		list = append(list, b.Build())
	}
	if f.breaker {
		b := circuitbreaker.NewBuilder[any]().
			WithFailureRateThreshold(0.5, 10, time.Minute).
			WithDelay(30*time.Second).
			WithJitterFactor(0.1).
			WithSuccessThresholdRatio(2, 2)
		if f.failures != nil {
			b = b.HandleErrors(f.failures...)
		}
		if f.opened != nil {
			b = b.OnOpen(func(circuitbreaker.StateChangedEvent) { f.opened() })
		}
		list = append(list, b.Build())
	}
	return append(list, timeout.New[any](simulation.AttemptTimeout))
}
