// Package main is a command, and its interfaces are its own.
package main

import "context"

//resil:wrap
type (
	store interface {
		//resil:retry 2
		get(ctx context.Context) (int, error)
	}
)

type (
	//resil:wrap name=steady
	//resil:breaker
	Exported interface {
		Get(ctx context.Context) (int, error)
	}
	//resil:wrap
	Unguarded interface {
		Get(ctx context.Context) (int, error)
	}
)

func main() {}
