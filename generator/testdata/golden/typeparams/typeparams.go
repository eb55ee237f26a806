// Package typeparams has type parameters that are hard to write.
package typeparams

import "context"

type T struct{}

type Giver interface {
	Give(ctx context.Context, t T) (T, error)
}

// Hides has a method with a type that its own type parameter hides.
//
//resil:breaker
type Hides[T any] interface {
	Giver
	Take(ctx context.Context, t T) (T, error)
}

//resil:breaker
type Itself[Itself any] interface {
	Get(ctx context.Context, i Itself) (Itself, error)
}

//resil:breaker
type Wrapper[ResilientWrapper any, NewResilientWrapper comparable] interface {
	Get(ctx context.Context, w ResilientWrapper) (NewResilientWrapper, error)
}

//resil:breaker
type Blank[_ any, _ comparable] interface {
	Get(ctx context.Context) (T, error)
}

// A pointer as constraint would read as the length of an array.
//
//resil:breaker
type Pointer[P *int,] interface {
	Get(ctx context.Context, p P) (P, error)
}

//resil:breaker
type Pointers[P *int | *string, Q ~*int | []string] interface {
	Get(ctx context.Context, p P) (Q, error)
}

//resil:breaker
type Setter[V any, P interface {
	*V
	Set(string)
}] interface {
	Get(ctx context.Context, p P) (V, error)
}

//resil:breaker
type Union[U ~int | ~string | interface {
	~[]byte
	comparable
}, F ~func(int) (F, error), C chan F | <-chan F, D ~chan<- D, S ~struct{ A int }] interface {
	Get(ctx context.Context, u U, f F, d D) (func(S) C, error)
}

//resil:breaker
type Tree[E Tree[E]] interface {
	Less(ctx context.Context, e E) (bool, error)
	Children(ctx context.Context) ([]Tree[E], error)
}

//resil:breaker
type Left[L Left[L, R], R Right[L, R]] interface {
	Right(ctx context.Context) (R, error)
}

//resil:breaker
type Right[L Left[L, R], R Right[L, R]] interface {
	Left(ctx context.Context) (L, error)
}

//resil:breaker
type Nested[E any] interface {
	Get(ctx context.Context) (Nested[E], error)
}

//resil:breaker
type Curious interface{ Nested[Curious] }

//resil:breaker
type Node interface {
	Next(ctx context.Context) (Node, error)
	Walk(context.Context, func(Node) []Node) error
}
