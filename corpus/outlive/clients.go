// Package outlive has wrappers of real clients whose results outlive the call.
package outlive

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Health opens streams.
//
//resil:timeout 5s attempt=1s
//resil:breaker consecutive=1
type Health interface {
	healthpb.HealthClient
}

// Objects are read after the call.
//
//resil:timeout 5s attempt=1s
//resil:breaker consecutive=1
type Objects interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Rows come from PostgreSQL.
//
//resil:timeout 5s attempt=1s
type Rows interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}
