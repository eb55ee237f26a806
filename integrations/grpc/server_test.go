package resilgrpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	resil "github.com/resilgen/resilgen/runtime"
)

// refusalBy returns what a call under a policy gets when another has used it up.
func refusalBy(t *testing.T, directive string) error {
	t.Helper()
	p, err := resil.ParsePolicies(directive)
	if err != nil {
		t.Fatal(err)
	}
	if p.Breaker != nil {
		p.Breaker.Name = "secret"
	}
	if p.Limit != nil {
		p.Limit.Name = "secret"
	}
	if p.Bulkhead != nil {
		p.Bulkhead.Name = "secret"
	}
	c := resil.Must(resil.New(resil.Spec{Name: "secret", Methods: []resil.MethodSpec{{Name: "Call", Policies: p}}}))
	m := c.Method("Call")
	failing := resil.Infra(errors.New("secret"))
	if p.Retry != nil {
		failing = resil.Throttle(failing, 40*time.Second)
	}
	var refused error
	err = resil.Run(t.Context(), m, func(ctx context.Context) error {
		refused = resil.Run(ctx, m, func(context.Context) error { return failing })
		return refused
	})
	if p.Bulkhead == nil {
		refused = resil.Run(t.Context(), m, func(context.Context) error { return failing })
	}
	var e *resil.Error
	if !errors.As(refused, &e) {
		t.Fatalf("%s: got %v, %v", directive, err, refused)
	}
	return refused
}

func TestRefusalsBecomeStatusesWithDetails(t *testing.T) {
	forced := resil.Must(resil.New(resil.Spec{Name: "secret", Methods: []resil.MethodSpec{{Name: "Call", Policies: resil.Policies{Breaker: &resil.Breaker{Name: "secret", Consecutive: 1, Window: time.Minute, Open: time.Minute, Probes: 1, Min: 1}}}}}))
	forced.Breaker("secret").ForceOpen()
	open := refusalBy(t, "breaker consecutive=1 open=30s")
	limited := refusalBy(t, "limit 1/h")
	for _, tt := range []struct {
		name string
		err  error
		code codes.Code
		wait time.Duration // about; 0 for none
	}{
		{"open", open, codes.Unavailable, 30 * time.Second},
		{"open for good", resil.Run(t.Context(), forced.Method("Call"), nil), codes.ResourceExhausted, 0},
		{"limited", limited, codes.ResourceExhausted, time.Hour},
		{"full", refusalBy(t, "bulkhead 1"), codes.ResourceExhausted, 0},
		{"retry later", refusalBy(t, "retry 3 max=1s"), codes.Unavailable, 40 * time.Second},
		{"wrapped", fmt.Errorf("secret: %w", open), codes.Unavailable, 30 * time.Second},
		{"of an interceptor", withStatus(open), codes.Unavailable, 30 * time.Second},
		{"beside another error", errors.Join(errors.New("secret"), fmt.Errorf("secret: %w", open)), codes.Unavailable, 30 * time.Second},
		{"two", errors.Join(open, limited), codes.Unavailable, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{unary: always(tt.err), output: func(int, outputStream) error { return tt.err }}
			client := dial(t, serve(t, b, Server{}.Options()...))
			var unary metadata.MD
			err := call(within(t), client, grpc.Trailer(&unary))
			checkRefusal(t, err, unary, tt.code, tt.wait)
			stream, err := client.StreamingOutputCall(within(t), &pb.StreamingOutputCallRequest{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = stream.Recv()
			checkRefusal(t, err, stream.Trailer(), tt.code, tt.wait)
		})
	}
}

func checkRefusal(t *testing.T, err error, trailer metadata.MD, code codes.Code, wait time.Duration) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || strings.Contains(s.Proto().String(), "secret") {
		t.Errorf("status %v, want %v that names nobody", s.Proto(), code)
	}
	info := time.Duration(0)
	for _, d := range s.Details() {
		info = d.(*errdetails.RetryInfo).GetRetryDelay().AsDuration()
	}
	if info > wait*11/10 || info < wait*8/10 {
		t.Errorf("RetryInfo %v, want about %v", info, wait)
	}
	// The trailer is rounded up, so that who waits as told is not too early.
	pushed := resil.GRPCPushback(trailer.Get(pushback))
	if pushed.Final || pushed.After < info || pushed.After > info+time.Millisecond {
		t.Errorf("pushback %q, want %v", trailer.Get(pushback), info)
	}
}

func TestOtherErrorsOfHandlersPassAsTheyAre(t *testing.T) {
	exhausted := &resil.Error{Method: "A.B", Reason: resil.ErrExhausted, Attempts: 3, Err: status.Error(codes.NotFound, "x")}
	for _, err := range []error{nil, errors.New("plain"), status.Error(codes.NotFound, "no such order"), context.DeadlineExceeded, exhausted, (*resil.Error)(nil)} {
		if got, trailer := answerTo(err); got != err || trailer != nil {
			t.Errorf("%v became %v, %v", err, got, trailer)
		}
	}
}

// A chain is services in a row, each of which calls the next under a retry of its own.
func chain(t *testing.T, bottom *backend, server Server, attempts ...int) (call func(context.Context) error) {
	addr := serve(t, bottom, server.Options()...)
	var client pb.TestServiceClient
	for i, n := range attempts {
		client = dial(t, addr, newGuard(t, newSpec(t, fmt.Sprintf("retry %d initial=1ms max=1ms budget=off", n))).DialOptions()...)
		if i < len(attempts)-1 {
			next := client
			addr = serve(t, &backend{
				unary: func(ctx context.Context, _ int) error {
					_, err := next.UnaryCall(ctx, &pb.SimpleRequest{})
					return err
				},
			}, server.Options()...)
		}
	}
	return func(ctx context.Context) error {
		_, err := client.UnaryCall(ctx, &pb.SimpleRequest{})
		return err
	}
}

func TestRetriesOfServicesInARowAddUp(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server Server
		calls  int64
	}{
		{"marked", Server{}, 5 + 4 + 3 - 2},
		{"attempts ignored", Server{IgnoreAttempts: true}, 5 * 4 * 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bottom := &backend{unary: always(errDown)}
			err := chain(t, bottom, tt.server, 5, 4, 3)(within(t))
			if bottom.calls.Load() != tt.calls || status.Code(err) != codes.Unavailable {
				t.Errorf("%d calls at the bottom, %v; want %d, UNAVAILABLE", bottom.calls.Load(), err, tt.calls)
			}
		})
	}
}

// The bottom service's own client is refused. Nobody above repeats the call before the
// time has come, and no breaker above counts it.
func TestRefusalIsThrottledThreeServicesAbove(t *testing.T) {
	limited := refusalBy(t, "limit 1/h")
	bottom := &backend{unary: always(limited)}
	err := chain(t, bottom, Server{}, 5, 4, 3)(within(t))
	var e *resil.Error
	if bottom.calls.Load() != 1 || !errors.As(err, &e) || e.Reason != resil.ErrRetryLater || e.RetryAfter() < 50*time.Minute {
		t.Errorf("%d calls at the bottom, %v; want 1, and ErrRetryLater with the time", bottom.calls.Load(), err)
	}
}

func TestServersMarkRepetitions(t *testing.T) {
	for _, tt := range []struct {
		values []string
		want   int
	}{
		{nil, 1},
		{[]string{"0"}, 1},
		{[]string{"1"}, 2},
		{[]string{"1", "4", "2"}, 5},
		{[]string{"-1"}, 1},
		{[]string{"many"}, 1},
		{[]string{"99999999999999999999"}, 1},
	} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{previousAttempts: tt.values})
		if got := resil.Attempt(incoming(ctx)); got != tt.want {
			t.Errorf("%q: attempt %d, want %d", tt.values, got, tt.want)
		}
	}
	seen := 0
	b := &backend{output: func(_ int, stream outputStream) error { seen = resil.Attempt(stream.Context()); return nil }}
	ctx := metadata.AppendToOutgoingContext(within(t), previousAttempts, "2")
	if _, err := receiveAll(ctx, dial(t, serve(t, b, Server{}.Options()...))); err != nil || seen != 3 {
		t.Errorf("a stream's handler saw attempt %d, %v; want 3", seen, err)
	}
}
