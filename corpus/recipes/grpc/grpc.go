// Package grpc guards a client of gRPC.
package grpc

import (
	"context"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

//go:generate go tool resilgen

// Health is the part of healthpb.HealthClient that is used.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:breaker
type Health interface {
	Check(ctx context.Context, in *healthpb.HealthCheckRequest, opts ...grpc.CallOption) (*healthpb.HealthCheckResponse, error)
	List(ctx context.Context, in *healthpb.HealthListRequest, opts ...grpc.CallOption) (*healthpb.HealthListResponse, error)
}
