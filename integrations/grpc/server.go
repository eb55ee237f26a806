package resilgrpc

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Server is the server's side. The zero Server is ready for use. Its interceptors are
// safe for concurrent use.
//
// Where a handler returns the refusal of a guarded client that it has called, wrapped or
// not, the answer says that the server is overloaded and, if that is known, for how
// long, in a RetryInfo and in the trailer grpc-retry-pushback-ms. It says nothing of who
// was called. All other errors pass as they are.
//
// Requests whose header grpc-previous-rpc-attempts says that the client repeats them are
// marked, so that clients which the handler calls do not retry: retries of several
// services in a row add up and do not multiply. [resil.Attempt] tells the handler.
type Server struct {
	// IgnoreAttempts leaves requests unmarked. It is for servers whose clients are not
	// trusted: one that sets the header in each request goes without the retries of the
	// clients that the handlers call.
	IgnoreAttempts bool
}

// Options returns options for [grpc.NewServer] that install the interceptors. They run in
// the order of the options.
func (s Server) Options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(s.Unary),
		grpc.ChainStreamInterceptor(s.Stream),
	}
}

// Unary is a [grpc.UnaryServerInterceptor].
func (s Server) Unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	reply, err := handler(s.context(ctx), req)
	if err == nil {
		return reply, nil
	}
	trailer, err := answerTo(err)
	if trailer != nil {
		_ = grpc.SetTrailer(ctx, trailer) // fails outside of a server, as in a test of a handler
	}
	return reply, err
}

// Stream is a [grpc.StreamServerInterceptor].
func (s Server) Stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if ctx := s.context(stream.Context()); ctx != stream.Context() {
		stream = &markedStream{stream, ctx}
	}
	err := handler(srv, stream)
	if err == nil {
		return nil
	}
	trailer, err := answerTo(err)
	if trailer != nil {
		stream.SetTrailer(trailer)
	}
	return err
}

type markedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *markedStream) Context() context.Context { return s.ctx }

func (s Server) context(ctx context.Context) context.Context {
	if s.IgnoreAttempts {
		return ctx
	}
	return incoming(ctx)
}

// answerTo returns what the client gets for a handler's error.
func answerTo(err error) (metadata.MD, error) {
	refused, wait, comesBack := refusal(err)
	switch {
	case !refused:
		return nil, err
	case wait <= 0:
		return nil, status.Error(codes.ResourceExhausted, "overloaded")
	}
	code := codes.ResourceExhausted
	if comesBack {
		code = codes.Unavailable
	}
	s := status.New(code, "overloaded, try again later")
	if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)}); err == nil {
		s = detailed
	}
	ms := wait / time.Millisecond
	if wait%time.Millisecond > 0 {
		ms++
	}
	return metadata.Pairs(pushback, strconv.FormatInt(int64(ms), 10)), s.Err()
}

// refusal reports whether a client has refused a call in err's tree, the longest time
// after which one may be made, 0 if that is not known, and whether it is the backend that
// is to come back then, not a place or a token.
func refusal(err error) (refused bool, wait time.Duration, comesBack bool) {
	if e, ok := err.(*resil.Error); ok {
		if e == nil {
			return false, 0, false
		}
		switch e.Reason {
		case resil.ErrOpen, resil.ErrRetryLater:
			refused, comesBack = true, true
		case resil.ErrLimited, resil.ErrFull:
			refused = true
		}
		if refused {
			return refused, e.RetryAfter(), comesBack
		}
	}
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	for _, err := range inner {
		r, w, c := refusal(err)
		refused, wait, comesBack = refused || r, max(wait, w), comesBack || c
	}
	return refused, wait, comesBack
}
