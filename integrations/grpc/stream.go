package resilgrpc

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	resil "github.com/resilgen/resilgen/runtime"
)

// Stream is the guard's [grpc.StreamClientInterceptor]. It guards the opening of a stream,
// which timeouts limit too. Later failures are not retried; the breaker counts them, and
// stats do as StreamFailures.
//
// Where the client sends one message and the server a stream, CloseSend opens it, which
// generated clients call before they return the stream: the attempt ends when the server
// answers, with a header, a message or an error. Where the client sends a stream, it is
// open as soon as there is a connection.
func (g *Guard) Stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, fullMethod string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	m := g.find(fullMethod, g.stream)
	if m == nil {
		return streamer(outgoing(ctx), desc, cc, fullMethod, opts...)
	}
	open := func(first *firstMessage) (grpc.ClientStream, error) {
		var a answer
		s, err := resil.CallClassified(ctx, m.guarded, func(ctx context.Context) (*stream, error) {
			a = answer{}
			inner, err := streamer(outgoing(ctx), desc, cc, fullMethod, opts...)
			if err != nil {
				return nil, err
			}
			s := &stream{ClientStream: inner, one: !desc.ServerStreams}
			if first != nil {
				if err := s.ask(first.message, &a); err != nil {
					return nil, err
				}
			}
			s.hold = resil.NewHold(ctx)
			return s, nil
		}, func(_ *stream, err error) resil.Verdict { return a.verdict(m, err) })
		if err != nil {
			return nil, withStatus(err)
		}
		return s, nil
	}
	if desc.ClientStreams {
		return open(nil)
	}
	return &unopened{ctx: ctx, open: open, err: status.Error(codes.Internal, "resilgrpc: the stream is used before CloseSend")}, nil
}

// A firstMessage is all that the client sends, in each attempt.
type firstMessage struct{ message any }

// A stream is one that the guard has let through.
type stream struct {
	grpc.ClientStream
	hold  *resil.Hold // keeps the context of the attempt alive
	one   bool        // the server sends one message
	empty bool        // the server has ended it without a message
}

// ask sends the only message and waits for the server's answer.
func (s *stream) ask(message any, a *answer) error {
	a.opened = true
	if err := s.ClientStream.SendMsg(message); err != nil && err != io.EOF { // which RecvMsg explains
		return err
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	header, err := s.Header()
	if err != nil || header != nil {
		a.header = header
		return err
	}
	err = s.ClientStream.RecvMsg(new(emptypb.Empty))
	a.trailer = s.Trailer()
	switch err {
	case nil:
		return status.Error(codes.Internal, "resilgrpc: the server has sent a message and no header")
	case io.EOF:
		s.empty = true
		return nil
	}
	return err
}

func (s *stream) RecvMsg(m any) error {
	if s.empty {
		return s.hold.End(io.EOF)
	}
	err := s.ClientStream.RecvMsg(m)
	if err == nil && s.one {
		s.hold.Release()
	}
	return s.hold.End(err)
}

func (s *stream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err == io.EOF { // which RecvMsg explains
		return err
	}
	return s.hold.End(err)
}

// An unopened stream opens when the client has sent its message.
type unopened struct {
	grpc.ClientStream // nil until then
	ctx               context.Context
	open              func(*firstMessage) (grpc.ClientStream, error)
	first             *firstMessage
	err               error // why it is not open
}

func (u *unopened) SendMsg(m any) error {
	if u.first != nil {
		return status.Error(codes.Internal, "resilgrpc: the client of this stream sends one message")
	}
	u.first = &firstMessage{m}
	return nil
}

func (u *unopened) CloseSend() error {
	if u.ClientStream != nil {
		return nil
	}
	if u.first == nil {
		return status.Error(codes.Internal, "resilgrpc: CloseSend before SendMsg")
	}
	s, err := u.open(u.first)
	if err != nil {
		u.err = err
		return err
	}
	u.ClientStream = s
	return nil
}

func (u *unopened) RecvMsg(m any) error {
	if u.ClientStream == nil {
		return u.err
	}
	return u.ClientStream.RecvMsg(m)
}

func (u *unopened) Header() (metadata.MD, error) {
	if u.ClientStream == nil {
		return nil, u.err
	}
	return u.ClientStream.Header()
}

func (u *unopened) Trailer() metadata.MD {
	if u.ClientStream == nil {
		return nil
	}
	return u.ClientStream.Trailer()
}

func (u *unopened) Context() context.Context {
	if u.ClientStream == nil {
		return u.ctx
	}
	return u.ClientStream.Context()
}
