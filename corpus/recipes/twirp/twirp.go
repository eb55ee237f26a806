// Package twirp guards a client of Twirp.
package twirp

import (
	"context"

	"github.com/twitchtv/twirp/example"
)

//go:generate go tool resilgen

// Hats is a service of Twirp.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:breaker
//resil:classify twirp
type Hats interface {
	//resil:idempotent
	MakeHat(ctx context.Context, size *example.Size) (*example.Hat, error)
}
