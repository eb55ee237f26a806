// Command grpc shows a gRPC server that stops and comes back.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "grpc:", err)
		os.Exit(1)
	}
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer) error {
	r := &report.Report{W: w}
	s := &server{}
	if err := s.start(); err != nil {
		return err
	}
	defer func() { s.stop() }()

	conn, err := grpc.NewClient(s.addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), // the wrapper repeats what may be repeated
		// gRPC waits longer and longer, two minutes in the end, before it connects again,
		// and fails all calls meanwhile. It should be back when the breaker asks.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 200 * time.Millisecond},
			MinConnectTimeout: time.Second,
		}),
	)
	if err != nil {
		return err
	}
	defer conn.Close()
	guarded, err := NewResilientHealth(healthpb.NewHealthClient(conn), resil.WithObserver(r.Observe))
	if err != nil {
		return err
	}
	r.Client = guarded.Resilience()
	ctx := context.Background()
	check := func(service string) (string, error) {
		resp, err := guarded.Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		return resp.GetStatus().String(), err
	}
	state := func() resil.State { return guarded.Resilience().Stats().Breaker("Health").State }

	r.Section("The server is up")
	health, err := check("orders")
	r.Check(err == nil, "Check orders: %s", outcome(health, err))
	_, err = check("nobody")
	r.Check(status.Code(err) == codes.NotFound, "Check nobody: it is an answer, and not repeated: %v", err)

	r.Section("The server has stopped: calls are repeated, and the fifth failure in a row opens the breaker")
	s.stop()
	_, err = check("orders")
	r.Check(errors.Is(err, resil.ErrExhausted) && status.Code(err) == codes.Unavailable, "Check orders: %v", err)
	_, err = check("orders")
	r.Check(errors.Is(err, resil.ErrOpen), "Check orders: %v", err)

	r.Section("Calls are refused at once, and told when to come back")
	start := time.Now()
	_, err = guarded.List(ctx, &healthpb.HealthListRequest{})
	r.Check(errors.Is(err, resil.ErrOpen), "List, after %s: %v", time.Since(start).Round(time.Millisecond), err)
	attempts := guarded.Resilience().Stats().Method("List").Attempts
	r.Check(attempts == 0, "attempts of List: %d", attempts)

	r.Section("The server is back: two probes that are answered close the breaker")
	if err := s.start(); err != nil {
		return err
	}
	if refused, ok := errors.AsType[*resil.Error](err); ok {
		time.Sleep(refused.RetryAfter())
	}
	health, err = check("orders")
	r.Check(err == nil, "Check orders: %s; the breaker is %s", outcome(health, err), state())
	services, err := guarded.List(ctx, &healthpb.HealthListRequest{})
	r.Check(err == nil && state() == resil.StateClosed, "List: %s; the breaker is %s",
		outcome(fmt.Sprintf("%d services", len(services.GetStatuses())), err), state())

	r.Stats(guarded.Resilience().Stats())
	return r.Err()
}

// outcome returns the result of a call as text.
func outcome(result string, err error) string {
	if err != nil {
		return err.Error()
	}
	return result
}
