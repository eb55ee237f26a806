package resilgrpc

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	resil "github.com/resilgen/resilgen/runtime"
)

// later is a status with a RetryInfo.
func later(t *testing.T, code codes.Code, delay time.Duration) error {
	t.Helper()
	s, err := status.New(code, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Err()
}

// What a server says of retries is obeyed, in unary calls and in streams, by a guard and
// by a wrapper that the interceptors serve.
func TestServersDecideOnRetries(t *testing.T) {
	exhausted := status.Error(codes.ResourceExhausted, "busy")
	for _, tt := range []struct {
		name     string
		err      error
		pushback []string
		header   bool // the server has sent one before it failed
		calls    int64
		after    time.Duration // that the call's error says at least; 0 for none
		class    resil.Class
	}{
		{"says nothing", errDown, nil, false, 3, 0, resil.Infrastructure},
		{"pushback of 0", errDown, []string{"0"}, false, 3, 0, resil.Infrastructure},
		{"pushback", errDown, []string{"60000"}, false, 1, time.Minute, resil.Throttled},
		{"pushback of who is exhausted", exhausted, []string{"60000"}, false, 1, time.Minute, resil.Throttled},
		{"pushback with another code", status.Error(codes.Internal, "cut"), []string{"60000"}, false, 1, time.Minute, resil.Infrastructure},
		{"negative pushback", errDown, []string{"-1"}, false, 1, 0, resil.Infrastructure},
		{"pushback that is no number", errDown, []string{"soon"}, false, 1, 0, resil.Infrastructure},
		{"pushback that is repeated", errDown, []string{"1", "1"}, false, 1, 0, resil.Infrastructure},
		{"pushback after a header", errDown, []string{"-1"}, true, 3, 0, resil.Infrastructure},
		{"RetryInfo", later(t, codes.ResourceExhausted, time.Minute), nil, false, 1, time.Minute, resil.Throttled},
		{"RetryInfo of who is unavailable", later(t, codes.Unavailable, time.Minute), nil, false, 1, time.Minute, resil.Throttled},
		{"RetryInfo after a header", later(t, codes.Unavailable, time.Minute), nil, true, 1, time.Minute, resil.Throttled},
		{"RetryInfo and a shorter pushback", later(t, codes.Unavailable, time.Minute), []string{"5"}, false, 1, time.Minute, resil.Throttled},
		{"negative RetryInfo", later(t, codes.Unavailable, -time.Minute), nil, false, 3, 0, resil.Infrastructure},
	} {
		answer := func(ctx context.Context) error {
			for _, v := range tt.pushback {
				grpc.SetTrailer(ctx, metadata.Pairs(pushback, v))
			}
			if tt.header {
				grpc.SendHeader(ctx, metadata.Pairs("sent", "yes"))
			}
			return tt.err
		}
		b := &backend{unary: func(ctx context.Context, _ int) error { return answer(ctx) }}
		b.output = func(_ int, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
			return answer(stream.Context())
		}
		check := func(t *testing.T, err error, s resil.MethodStats) {
			t.Helper()
			if b.calls.Load() != tt.calls || status.Code(err) != status.Code(tt.err) {
				t.Errorf("%d calls, %v; want %d, %v", b.calls.Load(), err, tt.calls, status.Code(tt.err))
			}
			var hint interface{ RetryAfter() time.Duration }
			after := time.Duration(0)
			if errors.As(err, &hint) {
				after = hint.RetryAfter()
			}
			if after > tt.after || after < tt.after*9/10 {
				t.Errorf("%v says to wait %v, want %v", err, after, tt.after)
			}
			counts := map[resil.Class]uint64{resil.Infrastructure: s.Infrastructure, resil.Throttled: s.Throttled, resil.Application: s.Application}
			if s.Attempts != uint64(tt.calls) || counts[tt.class] != s.Attempts {
				t.Errorf("want %d attempts of class %v; stats %+v", tt.calls, tt.class, s)
			}
		}
		t.Run(tt.name+"/guard", func(t *testing.T) {
			b.calls.Store(0)
			g := newGuard(t, newSpec(t, quick))
			check(t, call(within(t), dial(t, serve(t, b), g.DialOptions()...)), g.statsOf(unaryName))
		})
		t.Run(tt.name+"/wrapper", func(t *testing.T) {
			b.calls.Store(0)
			client := dial(t, serve(t, b), DialOptions()...)
			w := newWrapper(t, quick)
			check(t, w.run(within(t), func(ctx context.Context) error { return call(ctx, client) }), w.client.Stats().Method("Call"))
		})
		if tt.header {
			continue // which opens a stream
		}
		t.Run(tt.name+"/stream", func(t *testing.T) {
			b.calls.Store(0)
			g := newGuard(t, newSpec(t, quick))
			_, err := receiveAll(within(t), dial(t, serve(t, b), g.DialOptions()...))
			check(t, err, g.statsOf(outputName))
		})
	}
}

func TestCodesHaveTheClassesOfTheTable(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		g := newGuard(t, newSpec(t))
		call(within(t), dial(t, serve(t, &backend{unary: always(status.Error(code, "x"))}), g.DialOptions()...))
		s := g.statsOf(unaryName)
		got := map[resil.Class]uint64{resil.Application: s.Application, resil.Infrastructure: s.Infrastructure, resil.SystemFault: s.System, resil.Throttled: s.Throttled}
		if want := resil.GRPCCode(uint32(code)).Class; got[want] != 1 {
			t.Errorf("%v: classes %v, want %v", code, got, want)
		}
	}
}

func TestOwnClassifiersComeFirst(t *testing.T) {
	spec := newSpec(t, quick)
	spec.Classify = []resil.Classifier{func(err error) (v resil.Verdict) {
		if status.Code(err) == codes.FailedPrecondition {
			v.Class = resil.Infrastructure
		}
		return v
	}}
	b := &backend{unary: always(status.Error(codes.FailedPrecondition, "not yet"))}
	call(within(t), dial(t, serve(t, b), newGuard(t, spec).DialOptions()...))
	if b.calls.Load() != 3 {
		t.Errorf("%d calls, want 3", b.calls.Load())
	}
}

// Both sides of grpc-go give messages that are too large the code of an exhausted server.
func TestMessageThatIsTooLargeIsAnAnswer(t *testing.T) {
	large := &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 10_000)}, ResponseSize: 10_000}
	for name, limit := range map[string]struct {
		server []grpc.ServerOption
		call   []grpc.CallOption
	}{
		"sent by the client":                   {call: []grpc.CallOption{grpc.MaxCallSendMsgSize(1000)}},
		"received by the client":               {call: []grpc.CallOption{grpc.MaxCallRecvMsgSize(1000)}},
		"received by the client, decompressed": {call: []grpc.CallOption{grpc.MaxCallRecvMsgSize(1000), grpc.UseCompressor(gzip.Name)}},
		"sent by the server":                   {server: []grpc.ServerOption{grpc.MaxSendMsgSize(1000)}},
		"received by the server":               {server: []grpc.ServerOption{grpc.MaxRecvMsgSize(1000)}},
		"received by the server, decompressed": {server: []grpc.ServerOption{grpc.MaxRecvMsgSize(1000)}, call: []grpc.CallOption{grpc.UseCompressor(gzip.Name)}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuard(t, newSpec(t, quick))
			_, err := dial(t, serve(t, &backend{}, limit.server...), g.DialOptions()...).UnaryCall(within(t), large, limit.call...)
			if s := g.statsOf(unaryName); status.Code(err) != codes.ResourceExhausted || s.Attempts != 1 || s.Application != 1 {
				t.Errorf("got %v, stats %+v; want one attempt of class application", err, s)
			}
		})
	}
}

func TestConnectionThatItsOwnerHasClosedIsBroken(t *testing.T) {
	g := newGuard(t, newSpec(t, quick))
	cc := dialConn(t, serve(t, &backend{}), g.DialOptions()...)
	cc.Close()
	call(within(t), pb.NewTestServiceClient(cc))
	if s := g.statsOf(unaryName); s.Attempts != 1 || s.System != 1 {
		t.Errorf("stats %+v, want one attempt of class system", s)
	}
}

// The breaker opens for a server that is gone, and not for answers that are errors.
func TestBreakerOpensForWhatIsGone(t *testing.T) {
	for _, tt := range []struct {
		name string
		addr string
		open bool
	}{
		{"nobody listens", deadAddr(t), true},
		{"errors of handlers", serve(t, &backend{unary: always(errors.New("no such order"))}), false},
	} {
		g := newGuard(t, newSpec(t, "breaker consecutive=3"))
		client := dial(t, tt.addr, g.DialOptions()...)
		for range 5 {
			call(within(t), client)
		}
		if s := g.statsOf(unaryName); s.Open > 0 != tt.open {
			t.Errorf("%s: stats %+v", tt.name, s)
		}
	}
}

func TestCallerStillGetsWhatItAskedFor(t *testing.T) {
	b := &backend{unary: func(ctx context.Context, n int) error {
		grpc.SetHeader(ctx, metadata.Pairs("head", "1"))
		grpc.SetTrailer(ctx, metadata.Pairs("tail", "2"))
		return nil
	}}
	for name, opts := range map[string][]grpc.DialOption{"guard": newGuard(t, newSpec(t, quick)).DialOptions(), "wrapper": DialOptions()} {
		var header, trailer metadata.MD
		err := call(within(t), dial(t, serve(t, b), opts...), grpc.Header(&header), grpc.Trailer(&trailer))
		if err != nil || !slices.Equal(header.Get("head"), []string{"1"}) || !slices.Equal(trailer.Get("tail"), []string{"2"}) {
			t.Errorf("%s: %v, %v, %v", name, header, trailer, err)
		}
	}
}
