package resilgrpc

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestOnlyIdempotentMethodsAreRepeated(t *testing.T) {
	for _, tt := range []struct {
		name       string
		idempotent []string
		calls      int64
	}{
		{"none", nil, 1},
		{"another", []string{"EmptyCall"}, 1},
		{"by name", []string{"UnaryCall"}, 3},
		{"by pattern", []string{"Un*Call"}, 3},
		{"by full name", []string{unaryName}, 3},
		{"by pattern for full names", []string{"grpc.testing.TestService/*"}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &backend{unary: always(errDown)}
			spec := newSpec(t, quick)
			spec.Idempotent = tt.idempotent
			g := newGuard(t, spec)
			err := call(within(t), dial(t, serve(t, b), g.DialOptions()...))
			if b.calls.Load() != tt.calls || status.Code(err) != codes.Unavailable {
				t.Errorf("%d calls, %v; want %d, UNAVAILABLE", b.calls.Load(), err, tt.calls)
			}
			if s := g.statsOf(unaryName); s.Attempts != uint64(tt.calls) || s.Infrastructure != uint64(tt.calls) {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// Another interceptor may share the work of several callers.
func TestCancellationByAnotherIsRepeatedWhereThatIsSafe(t *testing.T) {
	g := newGuard(t, newSpec(t, quick))
	for name, want := range map[string]int{unaryName: 3, "grpc.testing.TestService/EmptyCall": 1} {
		attempts := 0
		err := g.Unary(within(t), "/"+name, nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
			attempts++
			return context.Canceled
		})
		if attempts != want || status.Code(err) != codes.Canceled {
			t.Errorf("%s: %d attempts, %v; want %d, CANCELLED", name, attempts, err, want)
		}
	}
}

// Nobody listens, so that whatever the method does has not happened.
func TestWhatWasNotSentIsRepeatedWhateverTheMethod(t *testing.T) {
	spec := newSpec(t, quick)
	spec.Idempotent = nil
	g := newGuard(t, spec)
	client := dial(t, deadAddr(t), g.DialOptions()...)
	if err := call(within(t), client); status.Code(err) != codes.Unavailable || !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("got %v", err)
	}
	if _, err := client.FullDuplexCall(within(t)); !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("stream: got %v", err)
	}
	if _, err := client.StreamingOutputCall(within(t), &pb.StreamingOutputCallRequest{}); !errors.Is(err, resil.ErrExhausted) {
		t.Errorf("server's stream: got %v", err)
	}
	for _, name := range []string{unaryName, duplexName, outputName} {
		if s := g.statsOf(name); s.Attempts != 3 {
			t.Errorf("%s: %d attempts, want 3", name, s.Attempts)
		}
	}
}

// A server that drains its connections while another takes its place loses no call.
func TestRestartOfAServerLosesNoCall(t *testing.T) {
	first, second := &backend{}, &backend{}
	listener := listen(t, "127.0.0.1:0")
	addr := listener.Addr().String()
	old := serveOn(t, listener, first)
	spec := newSpec(t, "retry 50 initial=20ms max=50ms budget=off")
	spec.Idempotent = nil
	client := dial(t, addr, append(newGuard(t, spec).DialOptions(), quickReconnect)...)
	var began, callers sync.WaitGroup
	for range 4 {
		began.Add(1)
		callers.Go(func() {
			for i := range 40 {
				if err := call(within(t), client); err != nil {
					t.Error(err)
				}
				if i == 9 {
					began.Done()
				}
			}
		})
	}
	began.Wait()
	old.GracefulStop() // GOAWAY
	serveOn(t, listen(t, addr), second)
	callers.Wait()
	if n := first.calls.Load() + second.calls.Load(); n != 160 {
		t.Errorf("%d and %d calls arrived, want 160: each once", first.calls.Load(), second.calls.Load())
	}
}

// registerLevels registers a service whose methods declare idempotency levels, once.
var registerLevels = sync.OnceValue(func() error {
	level := func(l descriptorpb.MethodOptions_IdempotencyLevel) *descriptorpb.MethodOptions {
		return &descriptorpb.MethodOptions{IdempotencyLevel: &l}
	}
	method := func(name string, options *descriptorpb.MethodOptions) *descriptorpb.MethodDescriptorProto {
		empty := proto.String(".grpc.testing.Empty")
		return &descriptorpb.MethodDescriptorProto{Name: &name, InputType: empty, OutputType: empty, Options: options}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("levels.proto"), Package: proto.String("resilgrpc.tests"), Syntax: proto.String("proto3"),
		Dependency: []string{"grpc/testing/empty.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Levels"), Method: []*descriptorpb.MethodDescriptorProto{
			method("Read", level(descriptorpb.MethodOptions_NO_SIDE_EFFECTS)),
			method("Put", level(descriptorpb.MethodOptions_IDEMPOTENT)),
			method("Unknown", level(descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN)),
			method("Silent", nil),
		}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(file)
})

func TestDeclaredIdempotencyLevelIsRead(t *testing.T) {
	if err := registerLevels(); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"Read": 3, "Put": 3, "Unknown": 1, "Silent": 1, "Unlisted": 1}
	spec := newSpec(t, quick)
	spec.Services = []*grpc.ServiceDesc{{ServiceName: "resilgrpc.tests.Levels"}}
	for name := range want {
		spec.Services[0].Methods = append(spec.Services[0].Methods, grpc.MethodDesc{MethodName: name})
	}
	spec.Idempotent = nil
	g := newGuard(t, spec)
	for name, want := range want {
		attempts := 0
		g.Unary(within(t), "/resilgrpc.tests.Levels/"+name, nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
			attempts++
			return status.Error(codes.Internal, "cut")
		})
		if attempts != want {
			t.Errorf("%s: %d attempts, want %d", name, attempts, want)
		}
	}
}

func TestMethodsOfOtherServicesShareTheGuards(t *testing.T) {
	g := newGuard(t, newSpec(t, quick, "breaker consecutive=2"))
	cc := dialConn(t, serve(t, &backend{}), g.DialOptions()...)
	health := healthpb.NewHealthClient(cc)
	if _, err := health.Check(within(t), &healthpb.HealthCheckRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, want the server's UNIMPLEMENTED", err)
	}
	stream, err := health.Watch(within(t), &healthpb.HealthCheckRequest{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, %v, want the server's UNIMPLEMENTED", stream, err)
	}
	for _, name := range []string{other, otherStreams} {
		if s := g.statsOf(name); s.Calls != 1 || s.Application != 1 {
			t.Errorf("%s: stats %+v", name, s)
		}
	}
	g.Resilience().Breaker("tests").ForceOpen()
	if _, err := health.Check(within(t), &healthpb.HealthCheckRequest{}); !errors.Is(err, resil.ErrOpen) {
		t.Errorf("got %v, want ErrOpen", err)
	}
}

func TestSkippedMethodsPassUnguarded(t *testing.T) {
	b := &backend{unary: always(errDown), output: func(int, grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error { return errDown }}
	spec := newSpec(t, quick, "breaker")
	spec.Skip = []string{"UnaryCall", "Streaming*"}
	g := newGuard(t, spec)
	g.Resilience().Breaker("tests").ForceOpen()
	client := dial(t, serve(t, b), g.DialOptions()...)
	err := call(within(t), client)
	stream, streamErr := client.StreamingOutputCall(within(t), &pb.StreamingOutputCallRequest{})
	if streamErr == nil {
		_, streamErr = stream.Recv()
	}
	if b.calls.Load() != 2 || status.Code(err) != codes.Unavailable || status.Code(streamErr) != codes.Unavailable {
		t.Errorf("%d calls, %v, %v; want 2, and the server's errors", b.calls.Load(), err, streamErr)
	}
}

func TestGuardsForEachMethod(t *testing.T) {
	g := newGuard(t, newSpec(t, "breaker per=method", "bulkhead 3 per=method", "limit 1/h per=method"))
	client := dial(t, serve(t, &backend{}), g.DialOptions()...)
	g.Resilience().Breaker("tests.grpc.testing.TestService/EmptyCall").ForceOpen()
	if _, err := client.EmptyCall(within(t), &pb.Empty{}); !errors.Is(err, resil.ErrOpen) {
		t.Errorf("EmptyCall: %v, want ErrOpen", err)
	}
	if err := call(within(t), client); err != nil {
		t.Errorf("UnaryCall: %v", err)
	}
	if err := call(within(t), client); !errors.Is(err, resil.ErrLimited) {
		t.Errorf("UnaryCall: %v, want ErrLimited", err)
	}
}

func TestWrongSpecsAreRefused(t *testing.T) {
	for _, tt := range []struct {
		set  func(*Spec)
		want string
	}{
		{func(s *Spec) { s.Name = "" }, "the Spec has no Name"},
		{func(s *Spec) { s.Services = nil }, "the Spec has no Services"},
		{func(s *Spec) { s.Services = append(s.Services, s.Services...) }, "the Services list grpc.testing.TestService twice"},
		{func(s *Spec) { s.Policies.Hedge = &resil.Hedge{Delay: 1, Max: 1} }, "an interceptor cannot hedge"},
		{func(s *Spec) { s.Policies.Breaker.Per = "peer" }, "breaker: per=peer: an interceptor knows no key but the method"},
		{func(s *Spec) { s.Idempotent = []string{"Unray*"} }, `the pattern "Unray*" fits no method; the services have grpc.testing.TestService/EmptyCall, `},
		{func(s *Spec) { s.Skip = []string{"["} }, `the pattern "[" cannot be read`},
		{func(s *Spec) { s.Policies.Retry.Attempts = 0 }, "resil: tests.*: "},
	} {
		spec := newSpec(t, quick, "breaker")
		tt.set(&spec)
		if _, err := New(spec); err == nil || strings.Count(err.Error(), tt.want) != 1 {
			t.Errorf("got %v, want %s, once", err, tt.want)
		}
	}
}

func TestSpecIsLeftAsItIs(t *testing.T) {
	spec := newSpec(t, "breaker per=method", "limit 10/s", "bulkhead 3")
	newGuard(t, spec)
	if spec.Policies.Breaker.Name+spec.Policies.Limit.Name+spec.Policies.Bulkhead.Name != "" {
		t.Errorf("New has changed the policies: %+v", spec.Policies)
	}
	newGuard(t, spec)
}

// Two retries in a row would make nine calls.
func TestRetryPolicyOfAServiceConfigDoesNotMultiply(t *testing.T) {
	b := &backend{unary: always(errDown)}
	client := dial(t, serve(t, b), append(newGuard(t, newSpec(t, quick)).DialOptions(), grpc.WithDefaultServiceConfig(`{"methodConfig": [{
		"name": [{"service": "grpc.testing.TestService"}],
		"retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}
	}]}`))...)
	call(within(t), client)
	if b.calls.Load() != 3 {
		t.Errorf("%d calls, want 3", b.calls.Load())
	}
}

func TestEveryErrorHasAStatus(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithTimeout(context.Background(), -1)
	defer cancel()
	for _, tt := range []struct {
		name      string
		directive string
		ctx       context.Context
		code      codes.Code
		reason    error
	}{
		{"open", "breaker", within(t), codes.Unavailable, resil.ErrOpen},
		{"limited", "limit 1/h", within(t), codes.ResourceExhausted, resil.ErrLimited},
		{"full", "bulkhead 1", within(t), codes.ResourceExhausted, resil.ErrFull},
		{"canceled", quick, canceled, codes.Canceled, context.Canceled},
		{"late", quick, late, codes.DeadlineExceeded, context.DeadlineExceeded},
		{"timed out", "timeout 30ms", within(t), codes.DeadlineExceeded, resil.ErrTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuard(t, newSpec(t, tt.directive))
			held := make(chan struct{}, 1)
			release := make(chan struct{})
			client := dial(t, serve(t, &backend{unary: func(ctx context.Context, n int) error {
				held <- struct{}{}
				select {
				case <-release:
				case <-ctx.Done():
				}
				return nil
			}}), g.DialOptions()...)
			var first sync.WaitGroup
			switch tt.name {
			case "open":
				g.Resilience().Breaker("tests").ForceOpen()
			case "limited", "full":
				first.Go(func() { call(within(t), client) })
				<-held
			}
			err := call(tt.ctx, client)
			close(release)
			first.Wait()
			if status.Code(err) != tt.code || !errors.Is(err, tt.reason) {
				t.Errorf("got %v (%v), want %v around %v", err, status.Code(err), tt.code, tt.reason)
			}
		})
	}
}

func TestGuardIsSafeForConcurrentUse(t *testing.T) {
	b := &backend{
		unary: func(_ context.Context, n int) error {
			if n%3 == 0 {
				return errDown
			}
			return nil
		},
		output: func(n int, s grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
			if n%3 == 0 {
				return errDown
			}
			return s.Send(&pb.StreamingOutputCallResponse{})
		},
	}
	g := newGuard(t, newSpec(t, "retry 20 initial=1ms max=2ms budget=off", "timeout 10s attempt=2s", "breaker consecutive=1000 ratio=off", "bulkhead 4 wait=2s"))
	client := dial(t, serve(t, b), g.DialOptions()...)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 20 {
				if err := call(within(t), client); err != nil {
					t.Error(err)
				}
				if n, err := receiveAll(within(t), client); n != 1 || err != nil {
					t.Errorf("%d messages, %v", n, err)
				}
			}
		})
	}
	callers.Wait()
	for _, name := range []string{unaryName, outputName} {
		if s := g.statsOf(name); s.Calls != 160 || s.Succeeded != 160 {
			t.Errorf("%s: stats %+v", name, s)
		}
	}
}
