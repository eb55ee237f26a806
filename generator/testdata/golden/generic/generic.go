// Package generic has type parameters.
package generic

import (
	"cmp"
	"context"
)

type Number interface{ ~int | ~float64 }

type Ordered[T any] interface{ Less(T) bool }

// Cache is keyed.
//
//resil:breaker
type Cache[K comparable, V any] interface {
	Get(ctx context.Context, key K) (V, error)
	Scan(ctx context.Context, K string, from, to K) (keys []K, values []V, err error)
	Len() int
}

//resil:retry 2
//resil:idempotent
type Sums[N Number, S ~[]N, O Ordered[O], C interface {
	cmp.Ordered
	String() string
}] interface {
	Sum(ctx context.Context, s S) (N, error)
	Max(ctx context.Context, o ...O) (O, error)
	Nested(ctx context.Context, c Cache[C, N]) (Cache[string, []N], error)
}

type Pair[A, B any] struct {
	First  A
	Second B
}

type Both[T any] = Pair[T, T]

//resil:timeout 1s
type Users interface {
	Cache[string, Both[int]]
	Pair(ctx context.Context, p Pair[string, error]) (Both[any], error)
}
