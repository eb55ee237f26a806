package main_test

import "context"

//resil:retry 2
type outside interface {
	Get(ctx context.Context) error
}
