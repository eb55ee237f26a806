package main

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
)

// failsafeGo builds the policies and their executor once, in the order that its
// documentation recommends, and passes the context of each call. Only a stack with a
// timeout needs an Execution, for the context that the timeout makes. The breaker opens
// by the rate of failures in the same window. It cannot also count failures in a row.
func failsafeGo(s stack, next store) get {
	if s.keys > 0 {
		return nil
	}
	var policies []failsafe.Policy[int]
	if s.retry {
		policies = append(policies, retrypolicy.NewBuilder[int]().
			HandleErrors(errDown).
			WithMaxAttempts(attempts).
			WithBackoff(initialDelay, maxDelay).
			Build())
	}
	if s.breaker {
		policies = append(policies, circuitbreaker.NewBuilder[int]().
			HandleErrors(errDown).
			WithFailureRateThreshold(0.5, minimum, window).
			WithDelay(openTime).
			WithSuccessThreshold(probes).
			Build())
	}
	if s.limit > 0 {
		policies = append(policies, ratelimiter.NewBursty[int](uint(s.limit), time.Second))
	}
	if s.bulkhead > 0 {
		policies = append(policies, bulkhead.New[int](uint(s.bulkhead)))
	}
	if s.timeout > 0 {
		policies = append(policies, timeout.New[int](s.timeout))
	}
	executor := failsafe.With(policies...)
	if s.timeout == 0 {
		return func(ctx context.Context, id string) (int, error) {
			return executor.WithContext(ctx).Get(func() (int, error) { return next.Get(ctx, id) })
		}
	}
	return func(ctx context.Context, id string) (int, error) {
		return executor.WithContext(ctx).GetWithExecution(func(e failsafe.Execution[int]) (int, error) {
			return next.Get(e.Context(), id)
		})
	}
}
