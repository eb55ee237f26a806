package resilgrpc

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	resil "github.com/resilgen/resilgen/runtime"
)

type outputStream = grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]

// receiveAll counts the messages of a server's stream.
func receiveAll(ctx context.Context, c pb.TestServiceClient) (n int, err error) {
	stream, err := c.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{})
	if err != nil {
		return 0, err
	}
	for {
		if _, err = stream.Recv(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

func send(stream outputStream, messages int) error {
	for range messages {
		if err := stream.Send(&pb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return nil
}

func TestFirstAnswerDecidesAServersStream(t *testing.T) {
	b := &backend{output: func(n int, stream outputStream) error {
		if n < 3 {
			return errDown
		}
		return send(stream, 5)
	}}
	g := newGuard(t, newSpec(t, quick))
	n, err := receiveAll(within(t), dial(t, serve(t, b), g.DialOptions()...))
	if s := g.statsOf(outputName); n != 5 || err != nil || b.calls.Load() != 3 || s.Retries != 2 || s.Succeeded != 1 {
		t.Errorf("%d messages, %v, %d calls, stats %+v; want 5 after 3 calls", n, err, b.calls.Load(), s)
	}
}

func TestStreamThatFailsLaterCountsAndIsNotRepeated(t *testing.T) {
	b := &backend{output: func(_ int, stream outputStream) error {
		if err := send(stream, 2); err != nil {
			return err
		}
		return errDown
	}}
	g := newGuard(t, newSpec(t, quick, "breaker"))
	n, err := receiveAll(within(t), dial(t, serve(t, b), g.DialOptions()...))
	if s := g.Resilience().Stats(); s.Method(outputName).StreamFailures != 1 || s.Breaker("tests").Failures != 1 {
		t.Errorf("the failure does not count: %+v", s)
	}
	if n != 2 || b.calls.Load() != 1 || status.Code(err) != codes.Unavailable {
		t.Errorf("%d messages, %v, %d calls; want 2, the server's error and one call", n, err, b.calls.Load())
	}
}

func TestStreamThatIsThrottledLaterIsNoFailureOfTheServer(t *testing.T) {
	refused := later(t, codes.Unavailable, time.Minute)
	b := &backend{output: func(_ int, stream outputStream) error { return errors.Join(send(stream, 1), refused) }}
	g := newGuard(t, newSpec(t, "breaker"))
	_, err := receiveAll(within(t), dial(t, serve(t, b), g.DialOptions()...))
	if s := g.Resilience().Stats(); s.Method(outputName).StreamFailures != 1 || s.Breaker("tests").Failures != 0 {
		t.Errorf("%v: %+v, want one stream that failed and no failure of the server", err, s)
	}
}

// A server that has nothing to say yet sends its header.
func TestHeaderOpensAStream(t *testing.T) {
	opened := make(chan struct{})
	b := &backend{output: func(_ int, stream outputStream) error {
		if err := stream.SendHeader(nil); err != nil {
			return err
		}
		select {
		case <-opened:
			return send(stream, 1)
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}}
	stream, err := dial(t, serve(t, b), newGuard(t, newSpec(t, quick)).DialOptions()...).StreamingOutputCall(within(t), &pb.StreamingOutputCallRequest{})
	if err != nil {
		t.Fatal(err)
	}
	close(opened)
	if _, err := stream.Recv(); err != nil {
		t.Error(err)
	}
}

func TestEmptyStreamIsASuccess(t *testing.T) {
	g := newGuard(t, newSpec(t, quick))
	b := &backend{output: func(int, outputStream) error { return nil }}
	n, err := receiveAll(within(t), dial(t, serve(t, b), g.DialOptions()...))
	if s := g.statsOf(outputName); n != 0 || err != nil || s.Succeeded != 1 || b.calls.Load() != 1 {
		t.Errorf("%d messages, %v, stats %+v", n, err, s)
	}
}

// The timeouts end when the stream is open; the server sees the caller's deadline alone.
func TestTimeoutsLimitTheOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(n int, stream outputStream) error {
			if _, ok := stream.Context().Deadline(); ok {
				t.Error("the server sees a deadline that is not the caller's")
			}
			if n == 1 { // hangs
				<-stream.Context().Done()
				return stream.Context().Err()
			}
			if err := send(stream, 1); err != nil {
				return err
			}
			time.Sleep(time.Minute)
			return send(stream, 1)
		}
		g := newGuard(t, newSpec(t, quick, "timeout 3s attempt=1s"))
		start := time.Now()
		n, err := receiveAll(t.Context(), inMemory(t, &backend{output: slow}, g.DialOptions()...))
		if n != 2 || err != nil {
			t.Errorf("%d messages, %v after %v; want 2", n, err, time.Since(start))
		}
		if s := g.statsOf(outputName); s.Infrastructure != 1 || s.Succeeded != 1 || s.Retries != 1 {
			t.Errorf("stats %+v, want one attempt that timed out before the one that succeeded", s)
		}
	})
}

func TestOpeningThatHangsTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(_ int, stream outputStream) error { <-stream.Context().Done(); return stream.Context().Err() }
		g := newGuard(t, newSpec(t, "timeout 3s"))
		start := time.Now()
		_, err := receiveAll(t.Context(), inMemory(t, &backend{output: hang}, g.DialOptions()...))
		if !errors.Is(err, resil.ErrTimeout) || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v, want ErrTimeout after 3s", err, time.Since(start))
		}
	})
}

func TestCallersDeadlineAndCancellationEndStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Time, 2)
		hang := func(_ int, stream outputStream) error {
			if err := send(stream, 1); err != nil {
				return err
			}
			<-stream.Context().Done()
			ended <- time.Now()
			return stream.Context().Err()
		}
		client := inMemory(t, &backend{output: hang}, newGuard(t, newSpec(t, quick, "timeout 3s attempt=1s")).DialOptions()...)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if n, err := receiveAll(ctx, client); n != 1 || status.Code(err) != codes.DeadlineExceeded || time.Since(start) != 10*time.Second {
			t.Errorf("%d messages, %v after %v; want 1, DEADLINE_EXCEEDED after 10s", n, err, time.Since(start))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(20*time.Second, cancel)
		if n, err := receiveAll(ctx, client); n != 1 || status.Code(err) != codes.Canceled || time.Since(start) != 30*time.Second {
			t.Errorf("%d messages, %v after %v; want 1, CANCELLED after 30s", n, err, time.Since(start))
		}
		<-ended
		<-ended
	})
}

func TestClientsStreamsWork(t *testing.T) {
	b := &backend{
		input: func(stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
			n := int32(0)
			for {
				if _, err := stream.Recv(); err == io.EOF {
					return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: n})
				} else if err != nil {
					return err
				}
				n++
			}
		},
		duplex: func(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
			for {
				if _, err := stream.Recv(); err != nil {
					return nil
				}
				if err := stream.Send(&pb.StreamingOutputCallResponse{}); err != nil {
					return err
				}
			}
		},
	}
	g := newGuard(t, newSpec(t, quick, "timeout 10s attempt=5s", "breaker", "bulkhead 1"))
	client := dial(t, serve(t, b), g.DialOptions()...)
	up, err := client.StreamingInputCall(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := up.Send(&pb.StreamingInputCallRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if reply, err := up.CloseAndRecv(); err != nil || reply.GetAggregatedPayloadSize() != 4 {
		t.Errorf("got %v, %v; want 4", reply, err)
	}
	both, err := client.FullDuplexCall(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := both.Send(&pb.StreamingOutputCallRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := both.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	both.CloseSend()
	if _, err := both.Recv(); err != io.EOF {
		t.Errorf("got %v, want EOF", err)
	}
	for _, name := range []string{inputName, duplexName} {
		if s := g.statsOf(name); s.Succeeded != 1 || s.Attempts != 1 {
			t.Errorf("%s: stats %+v", name, s)
		}
	}
}

func TestOpenBreakerRefusesStreams(t *testing.T) {
	b := &backend{}
	g := newGuard(t, newSpec(t, quick, "breaker"))
	g.Resilience().Breaker("tests").ForceOpen()
	client := dial(t, serve(t, b), g.DialOptions()...)
	_, output := client.StreamingOutputCall(within(t), &pb.StreamingOutputCallRequest{})
	_, input := client.StreamingInputCall(within(t))
	_, duplex := client.FullDuplexCall(within(t))
	for _, err := range []error{output, input, duplex} {
		if !errors.Is(err, resil.ErrOpen) || status.Code(err) != codes.Unavailable {
			t.Errorf("got %v, want ErrOpen", err)
		}
	}
	if b.calls.Load() != 0 {
		t.Errorf("%d calls arrived", b.calls.Load())
	}
}

// The context of a stream ends with the stream, so that nothing is held for it.
func TestStreamsReleaseTheirContext(t *testing.T) {
	failure := status.Error(codes.InvalidArgument, "no")
	for _, tt := range []struct {
		name string
		desc grpc.StreamDesc
		errs []error // of RecvMsg
		send error   // of SendMsg
		live int     // calls of RecvMsg after which the context is still alive
	}{
		{"server's stream", grpc.StreamDesc{ServerStreams: true}, []error{nil, nil, io.EOF}, nil, 2},
		{"server's stream that fails", grpc.StreamDesc{ServerStreams: true}, []error{nil, failure}, nil, 1},
		{"client's stream", grpc.StreamDesc{ClientStreams: true}, []error{nil}, nil, 0},
		{"both", grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, []error{nil, io.EOF}, nil, 1},
		{"message that cannot be sent", grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, nil, failure, 0},
		{"message that comes too late", grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, []error{nil, io.EOF}, io.EOF, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ctx context.Context
			g := newGuard(t, newSpec(t, quick, "timeout 10s attempt=5s"))
			s, err := g.Stream(t.Context(), &tt.desc, nil, "/"+outputName, func(own context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
				ctx = own
				return &scripted{errs: tt.errs, send: tt.send}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.SendMsg(nil)
			s.CloseSend()
			for i := range tt.errs {
				if ctx.Err() != nil {
					t.Fatalf("the context has ended before message %d", i+1)
				}
				s.RecvMsg(nil)
				if i < tt.live && ctx.Err() != nil {
					t.Errorf("the context has ended with message %d", i+1)
				}
			}
			if ctx.Err() == nil {
				t.Error("the context has not ended with the stream")
			}
		})
	}
}

// A scripted stream has a header at once, or ends without one.
type scripted struct {
	grpc.ClientStream
	errs    []error // of RecvMsg
	send    error   // of SendMsg
	ended   bool
	trailer metadata.MD
}

func (s *scripted) SendMsg(any) error    { return s.send }
func (s *scripted) CloseSend() error     { return nil }
func (s *scripted) Trailer() metadata.MD { return s.trailer }
func (s *scripted) Header() (metadata.MD, error) {
	if s.ended {
		return nil, nil
	}
	return metadata.MD{}, nil
}
func (s *scripted) RecvMsg(any) error {
	err := s.errs[0]
	s.errs = s.errs[1:]
	return err
}

// What was sent is not repeated for want of a proof that it was not.
func TestStreamThatHadAConnectionIsNotUnsent(t *testing.T) {
	b := &backend{output: func(int, outputStream) error { return errDown }}
	spec := newSpec(t, quick)
	spec.Idempotent = nil
	receiveAll(within(t), dial(t, serve(t, b), newGuard(t, spec).DialOptions()...))
	if b.calls.Load() != 1 {
		t.Errorf("%d calls, want 1", b.calls.Load())
	}
}

// What an attempt has shown is forgotten in the next: here the server is gone by then.
func TestAttemptsAreClassifiedByTheirOwnAnswers(t *testing.T) {
	spec := newSpec(t, quick)
	spec.Idempotent = nil
	g := newGuard(t, spec)
	trailer := metadata.Pairs(pushback, "1")
	attempts := 0
	g.Unary(t.Context(), "/"+unaryName, nil, nil, nil, func(_ context.Context, _ string, _, _ any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
		attempts++
		for _, opt := range opts {
			if o, ok := opt.(grpc.TrailerCallOption); ok && attempts == 1 {
				*o.TrailerAddr = trailer
			}
			if o, ok := opt.(grpc.PeerCallOption); ok && attempts == 2 {
				o.PeerAddr.Addr = new(net.TCPAddr)
			}
		}
		return errDown
	})
	repeats := newGuard(t, newSpec(t, quick))
	s, err := repeats.Stream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, nil, "/"+outputName, func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
		if attempts++; attempts > 3 {
			return nil, errDown
		}
		return &scripted{ended: true, trailer: trailer, errs: []error{errDown}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.SendMsg(nil)
	s.CloseSend()
	if s := g.statsOf(unaryName); s.Attempts != 2 || s.Throttled != 1 || s.Infrastructure != 1 {
		t.Errorf("stats %+v, want an unsent attempt that was throttled, and one that was sent", s)
	}
	if s := repeats.statsOf(outputName); s.Attempts != 3 || s.Throttled != 1 || s.Infrastructure != 2 {
		t.Errorf("stats %+v, want an attempt that was throttled, and two that were not", s)
	}
}

// Interceptors further down may count what they see.
func TestEndOfAStreamIsReceivedOnce(t *testing.T) {
	g := newGuard(t, newSpec(t, quick, "timeout 10s attempt=5s"))
	var ctx context.Context
	s, err := g.Stream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, nil, "/"+outputName, func(own context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
		ctx = own
		return &scripted{ended: true, errs: []error{io.EOF}}, nil // and no more
	})
	if err != nil {
		t.Fatal(err)
	}
	s.SendMsg(nil)
	s.CloseSend()
	if err := s.RecvMsg(nil); err != io.EOF || ctx.Err() == nil {
		t.Errorf("got %v, want EOF and the end of the context", err)
	}
}

// A message that comes where none can would be lost without a word.
func TestMessageWithoutAHeaderIsAnError(t *testing.T) {
	g := newGuard(t, newSpec(t))
	s, _ := g.Stream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, nil, "/"+outputName, func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
		return &scripted{ended: true, errs: []error{nil}}, nil
	})
	s.SendMsg(nil)
	if err := s.CloseSend(); status.Code(err) != codes.Internal {
		t.Errorf("got %v, want INTERNAL", err)
	}
}

// Code that is not generated may use a stream in an order that cannot work.
func TestStreamUsedInTheWrongOrderSaysSo(t *testing.T) {
	cc := dialConn(t, serve(t, &backend{output: func(_ int, s outputStream) error { return send(s, 1) }}), newGuard(t, newSpec(t, quick)).DialOptions()...)
	stream, err := cc.NewStream(within(t), &grpc.StreamDesc{ServerStreams: true}, "/"+outputName)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); status.Code(err) != codes.Internal {
		t.Errorf("CloseSend: %v", err)
	}
	if err := stream.RecvMsg(new(pb.StreamingOutputCallResponse)); status.Code(err) != codes.Internal {
		t.Errorf("RecvMsg: %v", err)
	}
	if _, err := stream.Header(); status.Code(err) != codes.Internal {
		t.Errorf("Header: %v", err)
	}
	if stream.Trailer() != nil || stream.Context().Err() != nil {
		t.Error("an unopened stream has a trailer, or no context")
	}
	if err := stream.SendMsg(new(pb.StreamingOutputCallRequest)); err != nil {
		t.Errorf("SendMsg: %v", err)
	}
	if err := stream.SendMsg(new(pb.StreamingOutputCallRequest)); status.Code(err) != codes.Internal {
		t.Errorf("SendMsg: %v", err)
	}
	for range 2 { // it may be called again
		if err := stream.CloseSend(); err != nil {
			t.Errorf("CloseSend: %v", err)
		}
	}
	if header, err := stream.Header(); header == nil || err != nil {
		t.Errorf("Header: %v, %v", header, err)
	}
	for _, want := range []error{nil, io.EOF} {
		if err := stream.RecvMsg(new(pb.StreamingOutputCallResponse)); err != want {
			t.Errorf("RecvMsg: %v, want %v", err, want)
		}
	}
}
