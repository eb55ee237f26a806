package resilgrpc

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = status.Error(codes.Unavailable, "down")

// A backend is a server whose methods answer as the test says.
type backend struct {
	pb.UnimplementedTestServiceServer
	calls  atomic.Int64 // of any method
	unary  func(ctx context.Context, n int) error
	output func(n int, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error
	input  func(stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error
	duplex func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error
}

func (b *backend) next() int { return int(b.calls.Add(1)) }

func (b *backend) UnaryCall(ctx context.Context, req *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	n := b.next()
	if b.unary != nil {
		if err := b.unary(ctx, n); err != nil {
			return nil, err
		}
	}
	return &pb.SimpleResponse{Payload: &pb.Payload{Body: make([]byte, req.GetResponseSize())}}, nil
}

func (b *backend) StreamingOutputCall(_ *pb.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
	return b.output(b.next(), stream)
}

func (b *backend) StreamingInputCall(stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
	b.next()
	return b.input(stream)
}

func (b *backend) FullDuplexCall(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
	b.next()
	return b.duplex(stream)
}

// serve serves b on a loopback port until the test ends.
func serve(t testing.TB, b *backend, opts ...grpc.ServerOption) (addr string) {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	serveOn(t, listener, b, opts...)
	return listener.Addr().String()
}

func serveOn(t testing.TB, listener net.Listener, b *backend, opts ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(opts...)
	pb.RegisterTestServiceServer(s, b)
	done := make(chan error)
	go func() { done <- s.Serve(listener) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil && err != grpc.ErrServerStopped {
			t.Error(err)
		}
	})
	return s
}

func listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func dialConn(t testing.TB, addr string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient(addr, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

func dial(t testing.TB, addr string, opts ...grpc.DialOption) pb.TestServiceClient {
	t.Helper()
	return pb.NewTestServiceClient(dialConn(t, addr, opts...))
}

// quickReconnect lets a connection come back soon after its server does.
var quickReconnect = grpc.WithConnectParams(grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1, MaxDelay: 10 * time.Millisecond},
	MinConnectTimeout: time.Second,
})

// inMemory is a connection that works in a bubble of testing/synctest.
func inMemory(t testing.TB, b *backend, opts ...grpc.DialOption) pb.TestServiceClient {
	listener := bufconn.Listen(1 << 16)
	serveOn(t, listener, b)
	return dial(t, "passthrough:///bufconn", append(opts, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return listener.DialContext(ctx)
	}))...)
}

// deadAddr is an address where nobody listens.
func deadAddr(t testing.TB) string {
	listener := listen(t, "127.0.0.1:0")
	defer listener.Close()
	return listener.Addr().String()
}

// newSpec is one of a backend whose methods UnaryCall and StreamingOutputCall may be
// repeated.
func newSpec(t testing.TB, directives ...string) Spec {
	t.Helper()
	policies, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	return Spec{
		Name:       "tests",
		Services:   []*grpc.ServiceDesc{&pb.TestService_ServiceDesc},
		Policies:   policies,
		Idempotent: []string{"UnaryCall", "StreamingOutputCall"},
	}
}

// quick is a retry that waits next to nothing.
const quick = "retry 3 initial=1ms max=1ms budget=off"

func newGuard(t testing.TB, spec Spec) *Guard {
	t.Helper()
	g, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

const (
	unaryName  = "grpc.testing.TestService/UnaryCall"
	outputName = "grpc.testing.TestService/StreamingOutputCall"
	inputName  = "grpc.testing.TestService/StreamingInputCall"
	duplexName = "grpc.testing.TestService/FullDuplexCall"
)

func (g *Guard) statsOf(name string) resil.MethodStats { return g.client.Stats().Method(name) }

func call(ctx context.Context, c pb.TestServiceClient, opts ...grpc.CallOption) error {
	_, err := c.UnaryCall(ctx, &pb.SimpleRequest{}, opts...)
	return err
}

// always is a handler that gives the same error each time.
func always(err error) func(context.Context, int) error {
	return func(context.Context, int) error { return err }
}

// within is a context for calls that a mistake could let hang.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
