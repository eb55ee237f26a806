package main

import (
	"context"
	"sync"
)

// DirectoryClient is what this program needs of the user directories. Each tenant of
// the service has a directory, and a breaker of its own.
//
//resil:timeout 2s
//resil:breaker per=tenant open=500ms
//resil:classify byStatus app=ErrNotFound
type DirectoryClient interface {
	// Search is expensive for the service, so only a few calls may run at once.
	//
	//resil:bulkhead 4
	Search(ctx context.Context, tenant, name string) ([]User, error)

	//resil:idempotent
	//resil:hedge 50ms
	Lookup(ctx context.Context, tenant, name string) (*User, error)

	//resil:fallback lastCount
	Count(ctx context.Context, tenant string) (int, error)
}

// counted holds each tenant's last count.
var counted sync.Map

// lastCount returns the last count of the tenant, or the cause if there is none.
func lastCount(_ context.Context, tenant string, cause error) (int, error) {
	if n, ok := counted.Load(tenant); ok {
		return n.(int), nil
	}
	return 0, cause
}
