package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:generate go tool resilgen

// Cache is the part of *redis.Client that is used. The types in its signatures say which
// library stands behind it, and so what its errors mean.
//
//resil:timeout 5s attempt=1s
//resil:retry 3 initial=20ms
//resil:breaker open=1s
type Cache interface {
	Get(ctx context.Context, key string) *redis.StringCmd
	Set(ctx context.Context, key string, value any, expiration time.Duration) *redis.StatusCmd

	// Incr is not repeated where a first attempt may have counted already.
	//
	//resil:retry on=unsent
	Incr(ctx context.Context, key string) *redis.IntCmd
}
