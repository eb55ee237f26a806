package resil

import (
	"context"
	"errors"
	"io"
	"reflect"
)

// A HeldStream receives the messages of a server's stream, the first of which is there
// already. It ends the [Hold] of its attempt with the stream. Like the stream, it may
// be used by one goroutine at a time.
type HeldStream[T any] struct {
	recv  func() (T, error)
	hold  *Hold
	ready bool // the first message is
	first T
	err   error // that came instead of it
}

// ReceiveFirst receives the first message of a stream that opens lazily, so that the
// attempt that opened it succeeds or fails by the callee's answer. The error is that
// of the first message; an empty stream is a success.
func ReceiveFirst[T any](ctx context.Context, recv func() (T, error)) (*HeldStream[T], error) {
	s := &HeldStream[T]{recv: recv, hold: NewHold(ctx), ready: true}
	s.first, s.err = recv()
	if s.err != nil {
		s.hold.Release()
	}
	if errors.Is(s.err, io.EOF) {
		return s, nil
	}
	return s, s.err
}

// Recv returns the next message.
func (s *HeldStream[T]) Recv() (T, error) {
	if s.ready {
		return s.take()
	}
	message, err := s.recv()
	return message, s.hold.End(err)
}

func (s *HeldStream[T]) take() (T, error) {
	first := s.first
	s.ready, s.first = false, *new(T)
	return first, s.err
}

// RecvMsg stores the next message in what m points to; recv is the stream's own
// RecvMsg.
func (s *HeldStream[T]) RecvMsg(m any, recv func(any) error) error {
	if !s.ready {
		return s.hold.End(recv(m))
	}
	first, err := s.take()
	if err == nil {
		reflect.ValueOf(m).Elem().Set(reflect.ValueOf(first).Elem())
	}
	return err
}
