// Package redis guards a client of go-redis.
package redis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

//go:generate resilgen

// Processor is the step of a redis.Hook through which every command of a client goes.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3 on=unsent
//resil:breaker
type Processor interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}
