package resilgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	resilgrpc "github.com/resilgen/resilgen/integrations/grpc"
	resil "github.com/resilgen/resilgen/runtime"
)

// A health server that is unavailable for its first two calls.
type health struct {
	healthpb.UnimplementedHealthServer
	calls atomic.Int32
}

func (h *health) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if h.calls.Add(1) <= 2 {
		return nil, status.Error(codes.Unavailable, "starting")
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

func Example() {
	backend := &health{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(resilgrpc.Server{}.Options()...)
	healthpb.RegisterHealthServer(server, backend)
	go server.Serve(listener)

	policies, err := resil.ParsePolicies("timeout 5s attempt=1s", "retry 3 initial=10ms", "breaker consecutive=3")
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := resilgrpc.New(resilgrpc.Spec{
		Name:       "health",
		Services:   []*grpc.ServiceDesc{&healthpb.Health_ServiceDesc},
		Policies:   policies,
		Idempotent: []string{"Check", "List"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cc, err := grpc.NewClient(listener.Addr().String(), append(guard.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cc.Close()
	client := healthpb.NewHealthClient(cc)

	reply, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(reply.GetStatus(), err, "after", backend.calls.Load(), "calls")

	server.Stop()
	for range 2 {
		_, err = client.Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Println(status.Code(err), errors.Is(err, resil.ErrExhausted), errors.Is(err, resil.ErrOpen))
	}
	fmt.Println(guard.Resilience().Stats().Breaker("health").State)
	// Output:
	// SERVING <nil> after 3 calls
	// Unavailable true false
	// Unavailable false true
	// open
}
