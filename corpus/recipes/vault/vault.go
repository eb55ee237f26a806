// Package vault guards a client of Vault.
package vault

import (
	"context"

	"github.com/hashicorp/vault/api"
)

//go:generate go tool resilgen

// Secrets is the part of api.KVv2 that is used.
//
//resil:timeout 5s attempt=2s
//resil:retry 3
//resil:breaker
type Secrets interface {
	Get(ctx context.Context, path string) (*api.KVSecret, error)
	Put(ctx context.Context, path string, data map[string]any, opts ...api.KVOption) (*api.KVSecret, error)
}

// Tokens is the part of api.Logical that hands out what others have wrapped.
//
//resil:timeout 5s
//resil:breaker
type Tokens interface {
	UnwrapWithContext(ctx context.Context, token string) (*api.Secret, error)
}
