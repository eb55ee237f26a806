package resilgrpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	resil "github.com/resilgen/resilgen/runtime"
)

// DialOptions returns options for [grpc.NewClient] that install
// [UnaryClientInterceptor] and [StreamClientInterceptor].
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(UnaryClientInterceptor),
		grpc.WithChainStreamInterceptor(StreamClientInterceptor),
	}
}

// UnaryClientInterceptor serves connections whose clients are wrapped by generated code.
// It guards nothing. It marks errors with what a wrapper cannot see: how long the server
// wants to be left alone, that it forbids to repeat the call, and that nothing was sent.
// It sets grpc-previous-rpc-attempts in second and later attempts.
func UnaryClientInterceptor(ctx context.Context, fullMethod string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	var a answer
	err := invoker(outgoing(ctx), fullMethod, req, reply, cc, a.options(opts)...)
	return a.mark(err)
}

// StreamClientInterceptor is [UnaryClientInterceptor] for the opening of streams. An
// error that comes later is not marked.
func StreamClientInterceptor(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, fullMethod string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := streamer(outgoing(ctx), desc, cc, fullMethod, opts...)
	if err != nil {
		return s, (&answer{}).mark(err)
	}
	return s, nil
}

// mark adds to an error what the answer says, and leaves everything else to those who
// classify the error.
func (a *answer) mark(err error) error {
	s, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	v := a.hint(s)
	if v == (resil.Verdict{}) {
		return err
	}
	marked := err
	if v.Class == resil.Throttled {
		marked = resil.Throttle(marked, v.After)
	}
	if v.Unsent {
		marked = resil.Unsent(marked)
	}
	if v.Final {
		marked = resil.Final(marked)
	}
	return &hintedError{statusError{marked, s}, v.After}
}

// A hintedError is an error with a status, after which the server wants to be left alone
// for a time.
type hintedError struct {
	statusError
	after time.Duration
}

func (e *hintedError) RetryAfter() time.Duration { return e.after }
