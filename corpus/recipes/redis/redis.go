// Package redis guards a client of go-redis.
package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:generate resilgen

// Cache is the part of redis.Cmdable that is used. INCR is repeated only where it cannot
// have reached the server.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3
//resil:retry on=unsent methods=Incr
//resil:breaker
type Cache interface {
	Get(ctx context.Context, key string) *redis.StringCmd
	Set(ctx context.Context, key string, value any, expiration time.Duration) *redis.StatusCmd
	HGetAll(ctx context.Context, key string) *redis.MapStringStringCmd
	Incr(ctx context.Context, key string) *redis.IntCmd
}
