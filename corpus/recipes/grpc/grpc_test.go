package grpc

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// later is a status with a RetryInfo.
func later(t *testing.T, code codes.Code, after time.Duration) error {
	s, err := status.New(code, "later").WithDetails(
		&errdetails.ErrorInfo{Reason: "BUSY"},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Err()
}

func TestVerdicts(t *testing.T) {
	code := func(c codes.Code) error { return status.Error(c, "text") }
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled := resil.Verdict{Class: resil.Throttled}
	system := resil.Verdict{Class: resil.SystemFault}
	verdicttest.Errors(t, classifyHealthGRPC, []verdicttest.Case{
		{Name: "unavailable", Err: code(codes.Unavailable), Want: failure},
		{Name: "deadline of the server", Err: code(codes.DeadlineExceeded), Want: failure},
		{Name: "internal", Err: code(codes.Internal), Want: failure},
		{Name: "canceled by a proxy", Err: code(codes.Canceled), Want: failure},
		{Name: "exhausted", Err: code(codes.ResourceExhausted), Want: throttled},
		{Name: "conflict", Err: code(codes.Aborted), Want: throttled},
		{Name: "data loss", Err: code(codes.DataLoss), Want: system},
		{Name: "unknown", Err: code(codes.Unknown), Want: answer},
		{Name: "invalid argument", Err: code(codes.InvalidArgument), Want: answer},
		{Name: "not found", Err: code(codes.NotFound), Want: answer},
		{Name: "already exists", Err: code(codes.AlreadyExists), Want: answer},
		{Name: "failed precondition", Err: code(codes.FailedPrecondition), Want: answer},
		{Name: "out of range", Err: code(codes.OutOfRange), Want: answer},
		{Name: "unauthenticated", Err: code(codes.Unauthenticated), Want: answer},
		{Name: "permission denied", Err: code(codes.PermissionDenied), Want: answer},
		{Name: "unimplemented", Err: code(codes.Unimplemented), Want: answer},

		{Name: "own connection closed", Err: status.Error(codes.Canceled, "grpc: the client connection is closing"), Want: system, Better: true},
		{Name: "exhausted until", Err: later(t, codes.ResourceExhausted, 3*time.Second), Want: resil.Verdict{Class: resil.Throttled, After: 3 * time.Second}},
		{Name: "unavailable until", Err: later(t, codes.Unavailable, 1500*time.Millisecond), Want: resil.Verdict{Class: resil.Throttled, After: 1500 * time.Millisecond}, Better: true},

		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of gRPC", Err: errors.New("text")},
	})
}

// serve starts a server of the service Health and returns a client of it.
func serve(t *testing.T, s healthpb.HealthServer, opts ...grpc.ServerOption) (healthpb.HealthClient, *grpc.ClientConn, *grpc.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(opts...)
	healthpb.RegisterHealthServer(server, s)
	go server.Serve(l)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return healthpb.NewHealthClient(conn), conn, server
}

type server struct {
	healthpb.UnimplementedHealthServer
	check func(context.Context) error
}

func (s server) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &healthpb.HealthCheckResponse{}, s.check(ctx)
}

// Errors that grpc-go itself makes, on the client's side and on the server's.
func TestVerdictsOfRealConnections(t *testing.T) {
	stop := func() {}
	client, conn, s := serve(t, server{check: func(ctx context.Context) error {
		stop()
		return errors.New("an error of a handler that is no status")
	}}, grpc.MaxRecvMsgSize(100))
	check := func(service string, opts ...grpc.CallOption) error {
		_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service}, opts...)
		return err
	}
	long := string(make([]byte, 200))
	failure, answer := resil.Verdict{Class: resil.Infrastructure}, resil.Verdict{Class: resil.Application}
	cases := []verdicttest.Case{
		{Name: "plain error of a handler", Err: check(""), Want: answer},
		{Name: "too large to send", Err: check(long, grpc.MaxCallSendMsgSize(100)), Want: answer, Better: true},
		{Name: "too large for the server", Err: check(long), Want: answer, Better: true},
	}
	stop = s.Stop
	cases = append(cases, verdicttest.Case{Name: "server killed while it works", Err: check(""), Want: failure})
	cases = append(cases, verdicttest.Case{Name: "server gone", Err: check(""), Want: failure})
	conn.Close()
	cases = append(cases, verdicttest.Case{Name: "connection closed", Err: check(""), Want: resil.Verdict{Class: resil.SystemFault}, Better: true})
	verdicttest.Errors(t, classifyHealthGRPC, cases)
}

func TestStreamsFailWithTheSameErrors(t *testing.T) {
	client, _, _ := serve(t, server{})
	stream, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	verdicttest.Errors(t, classifyHealthGRPC, []verdicttest.Case{{Name: "not there", Err: err, Want: resil.Verdict{Class: resil.Application}}})
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	next, _, s := serve(t, server{})
	s.Stop()
	client, err := NewResilientHealth(next, verdicttest.Quick("Health"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "Check", func() error {
		_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	next, _, _ := serve(t, server{check: func(context.Context) error { return status.Error(codes.NotFound, "unknown service") }})
	client, err := NewResilientHealth(next)
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "Check", func() error {
		_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err
	})
}

func TestServerThatSaysWhenIsLeftAloneUntilThen(t *testing.T) {
	busy := later(t, codes.ResourceExhausted, time.Hour)
	next, _, _ := serve(t, server{check: func(context.Context) error { return busy }})
	client, err := NewResilientHealth(next)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Check(t.Context(), &healthpb.HealthCheckRequest{})
	var e *resil.Error
	if !errors.As(err, &e) || e.RetryAfter() < 59*time.Minute || e.Attempts != 1 {
		t.Errorf("the error is %v, want one that says to come back in an hour", err)
	}
}
