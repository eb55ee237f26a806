// Package policies has every value that a directive can take.
package policies

import "context"

//resil:timeout 90s
//resil:retry 4 backoff=constant jitter=none budget=off
//resil:breaker slow=20s ratio=0.4%
//resil:limit 1000/m
//resil:idempotent methods=Inherits,Ratio,Limited
type Policies interface {
	Inherits(ctx context.Context) error
	//resil:retry backoff=linear initial=1500us max=1h jitter=equal on=infrastructure,system,application
	Linear(ctx context.Context) error
	//resil:retry backoff=exponential factor=1.5
	Exponential(ctx context.Context) error
	//resil:retry jitter=decorrelated
	Decorrelated(ctx context.Context) error
	//resil:retry backoff=fibonacci jitter=20%
	Fibonacci(ctx context.Context) error
	//resil:retry jitter=full on=throttled
	Full(ctx context.Context) error
	//resil:breaker consecutive=off window=2m
	Ratio(ctx context.Context) error
	//resil:breaker ratio=off
	//resil:retry off
	//resil:limit off
	//resil:timeout off
	Streak(ctx context.Context) error
	//resil:limit 10/90s burst=3 wait=100ms
	//resil:timeout attempt=250ms
	//resil:breaker slow=100ms
	Limited(ctx context.Context) error
	//resil:retry 1
	//resil:timeout off
	//resil:breaker off
	//resil:limit off
	Once(ctx context.Context) error
	//resil:timeout 2s mode=observe
	//resil:retry mode=observe
	//resil:hedge 50ms mode=observe
	//resil:breaker off
	//resil:idempotent
	Observed(ctx context.Context) error
	//resil:skip
	Skipped(ctx context.Context) error
}
