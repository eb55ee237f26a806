package main

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Stock says whether a warehouse has an item, over gRPC. So that nobody needs protoc to run
// this program, it is the health service, whose client comes with grpc-go.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3 initial=20ms
//resil:breaker open=5s
type Stock interface {
	Check(ctx context.Context, in *healthpb.HealthCheckRequest, opts ...grpc.CallOption) (*healthpb.HealthCheckResponse, error)
}

// dialStock connects when the first call is made.
func dialStock(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient(addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), // the wrapper repeats what may be repeated
		// gRPC waits up to two minutes before it connects again. It should be back when the
		// breaker asks.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: time.Second,
		}),
	)
}
