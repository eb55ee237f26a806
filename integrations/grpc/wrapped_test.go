package resilgrpc

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	resil "github.com/resilgen/resilgen/runtime"
)

// A wrapper does what generated code does, whose only classifier is Network.
type wrapper struct{ client *resil.Client }

func newWrapper(t testing.TB, directives ...string) wrapper {
	t.Helper()
	p, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	if p.Breaker != nil {
		p.Breaker.Name = "Calls"
	}
	return wrapper{resil.Must(resil.New(resil.Spec{Name: "Calls", Methods: []resil.MethodSpec{{Name: "Call", Policies: p}}}))}
}

func (w wrapper) run(ctx context.Context, f func(context.Context) error) error {
	return resil.Run(ctx, w.client.Method("Call"), f)
}

func TestWrapperRepeatsWhatWasNotSent(t *testing.T) {
	w := newWrapper(t, quick+" on=unsent")
	down := &backend{unary: always(errDown)}
	down.duplex = func(grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
		return errDown
	}
	for addr, want := range map[string]uint64{deadAddr(t): 3, serve(t, down): 1} {
		client := dial(t, addr, DialOptions()...)
		for name, f := range map[string]func(context.Context) error{
			"unary": func(ctx context.Context) error { return call(ctx, client) },
			"stream": func(ctx context.Context) error {
				stream, err := client.FullDuplexCall(ctx)
				if err == nil {
					_, err = stream.Recv()
				}
				return err
			},
		} {
			before := w.client.Stats().Method("Call").Attempts
			err := w.run(within(t), f)
			if got := w.client.Stats().Method("Call").Attempts - before; got != want || err == nil {
				t.Errorf("%s: %d attempts, %v; want %d", name, got, err, want)
			}
		}
	}
}

func TestErrorsThatTellNothingMorePassAsTheyAre(t *testing.T) {
	inner := status.Error(codes.NotFound, "no such order")
	sent := func(_ context.Context, _ string, _, _ any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
		return inner
	}
	if err := UnaryClientInterceptor(t.Context(), "/x/Y", nil, nil, nil, sent); err != inner {
		t.Errorf("got %#v, want the server's own", err)
	}
	plain := errors.New("of an interceptor")
	sent = func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return plain }
	if err := UnaryClientInterceptor(t.Context(), "/x/Y", nil, nil, nil, sent); err != plain {
		t.Errorf("got %#v, want the other interceptor's", err)
	}
}

// A marked error shows the server's status as it was.
func TestMarkedErrorsKeepTheirStatus(t *testing.T) {
	b := &backend{unary: func(ctx context.Context, _ int) error {
		grpc.SetTrailer(ctx, metadata.Pairs(pushback, "-1"))
		return errDown
	}}
	err := call(within(t), dial(t, serve(t, b), DialOptions()...))
	if s := status.Convert(err); s.Code() != codes.Unavailable || s.Message() != "down" {
		t.Errorf("status %v", s)
	}
	if err.Error() != errDown.Error() || !errors.Is(err, errDown) {
		t.Errorf("got %v, want %v", err, errDown)
	}
}

func TestRepetitionsTellTheServer(t *testing.T) {
	var mu sync.Mutex
	var seen [][]string
	note := func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, metadata.ValueFromIncomingContext(ctx, previousAttempts))
		return errDown
	}
	b := &backend{unary: func(ctx context.Context, _ int) error { return note(ctx) }}
	b.output = func(_ int, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
		return note(stream.Context())
	}
	addr := serve(t, b)
	guarded := dial(t, addr, newGuard(t, newSpec(t, quick)).DialOptions()...)
	wrapped := dial(t, addr, DialOptions()...)
	both := dial(t, addr, append(newGuard(t, newSpec(t, quick)).DialOptions(), DialOptions()...)...)
	for name, f := range map[string]func(context.Context) error{
		"guard":  func(ctx context.Context) error { return call(ctx, guarded) },
		"stream": func(ctx context.Context) error { _, err := receiveAll(ctx, guarded); return err },
		"wrapper": func(ctx context.Context) error {
			return newWrapper(t, quick).run(ctx, func(ctx context.Context) error { return call(ctx, wrapped) })
		},
		"stream, wrapper": func(ctx context.Context) error {
			return newWrapper(t, quick).run(ctx, func(ctx context.Context) error { _, err := receiveAll(ctx, wrapped); return err })
		},
		"both":             func(ctx context.Context) error { return call(ctx, both) },
		"with other words": func(ctx context.Context) error { return call(metadata.AppendToOutgoingContext(ctx, "x", "y"), guarded) },
	} {
		seen = nil
		f(within(t))
		if want := [][]string{nil, {"1"}, {"2"}}; !slices.EqualFunc(seen, want, slices.Equal) {
			t.Errorf("%s: headers %q, want %q", name, seen, want)
		}
	}
}
