//go:build !race

package main

import "context"

//resil:retry 2
type linuxStore interface {
	Get(ctx context.Context) error
}
