package main

import (
	"context"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

//go:generate go tool resilgen

// Health is the part of healthpb.HealthClient that is used. A client that protoc has
// generated for a service of your own is guarded in the same way.
//
//resil:timeout 10s attempt=2s
//resil:retry 3 initial=20ms
//resil:breaker open=1s
type Health interface {
	Check(ctx context.Context, in *healthpb.HealthCheckRequest, opts ...grpc.CallOption) (*healthpb.HealthCheckResponse, error)
	List(ctx context.Context, in *healthpb.HealthListRequest, opts ...grpc.CallOption) (*healthpb.HealthListResponse, error)
}
