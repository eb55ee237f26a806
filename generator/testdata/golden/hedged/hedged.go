// Package hedged has hedges on methods of every shape.
package hedged

import "context"

//resil:hedge 50ms
//resil:idempotent
type Hedged interface {
	Ping(ctx context.Context) error
	Get(ctx context.Context, id string) (value string, err error)
	List(ctx context.Context, from string, limit int) (ids []string, next string, err error)
	//resil:hedge 20ms max=2
	//resil:retry 2
	Tuned(ctx context.Context, r string, results int) (int, error)
	//resil:limit 10/s per=id
	//resil:hedge off
	Plain(ctx context.Context, id string) (string, error)
	//resil:breaker per=id
	Keyed(ctx context.Context, id string) (_ string, n int, _ error)
}

//resil:retry 1 budget=5%
//resil:hedge 1s
//resil:idempotent
type Generic[K comparable, V any] interface {
	Get(ctx context.Context, key K) (V, bool, error)
}
