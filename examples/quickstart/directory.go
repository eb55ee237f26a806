package main

import (
	"context"
	"sync"
)

// DirectoryClient is what this program needs of the directory of every tenant of
// the service. Each tenant has a breaker of its own.
//
//resil:timeout 2s
//resil:breaker per=tenant open=500ms
//resil:classify byStatus
type DirectoryClient interface {
	// Search is hard work for the service, which must have room for others too.
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

// lastCount answers with the last count, if there has been one.
func lastCount(_ context.Context, tenant string, cause error) (int, error) {
	if n, ok := counted.Load(tenant); ok {
		return n.(int), nil
	}
	return 0, cause
}
