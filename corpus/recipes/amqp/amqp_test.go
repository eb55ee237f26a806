package amqp

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	system := resil.Verdict{Class: resil.SystemFault}
	code := func(code int) error { return &amqp.Error{Code: code, Reason: "text", Server: true} }
	verdicttest.Errors(t, classifyPublisherAMQP, []verdicttest.Case{
		{Name: "closed", Err: amqp.ErrClosed, Want: failure},
		{Name: "no channel left", Err: amqp.ErrChannelMax, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}},
		{Name: "wrong password", Err: amqp.ErrCredentials, Want: system},
		{Name: "wrong virtual host", Err: amqp.ErrVhost, Want: system},
		{Name: "no common way to log in", Err: amqp.ErrSASL, Want: system},
		{Name: "frame cut off", Err: amqp.ErrFrame, Want: failure},
		{Name: "forced by an operator", Err: code(amqp.ConnectionForced), Want: failure},
		{Name: "internal", Err: code(amqp.InternalError), Want: failure},
		{Name: "out of resources", Err: code(amqp.ResourceError), Want: failure},
		{Name: "too large now", Err: code(amqp.ContentTooLarge), Want: resil.Verdict{Class: resil.Throttled}, Better: true},
		{Name: "access refused", Err: code(amqp.AccessRefused), Want: answer},
		{Name: "not found", Err: code(amqp.NotFound), Want: answer},
		{Name: "locked", Err: code(amqp.ResourceLocked), Want: answer},
		{Name: "precondition failed", Err: code(amqp.PreconditionFailed), Want: answer},
		{Name: "not allowed", Err: code(amqp.NotAllowed), Want: system},
		{Name: "channel of the server's that is gone", Err: code(amqp.ChannelError), Want: system},
		{Name: "connection lost while it writes", Err: &net.OpError{Op: "write", Err: io.ErrClosedPipe}, Network: resil.Infrastructure},
		{Name: "no error of AMQP", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyPublisherAMQP, (*amqp.Error)(nil))
}

// broker answers the handshake of a client of AMQP and the opening of one channel.
func broker(t *testing.T, conn net.Conn) {
	t.Helper()
	method := func(channel uint16, class, id uint16, arguments ...byte) {
		payload := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, class), id)
		payload = append(payload, arguments...)
		frame := binary.BigEndian.AppendUint16([]byte{1}, channel)
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(payload)))
		if _, err := conn.Write(append(append(frame, payload...), 0xCE)); err != nil {
			t.Error(err)
		}
	}
	read := func() {
		head := make([]byte, 7)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Error(err)
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head[3:]))+1); err != nil {
			t.Error(err)
		}
	}
	if _, err := io.CopyN(io.Discard, conn, 8); err != nil { // the protocol's name and version
		t.Error(err)
	}
	text := func(s string) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) }
	start := append([]byte{0, 9, 0, 0, 0, 0}, text("PLAIN")...)
	method(0, 10, 10, append(start, text("en_US")...)...)
	read()                                              // start-ok
	method(0, 10, 30, 0, 10, 0, 2, 0, 0, 0, 0)          // tune: ten channels, frames of 128 KiB, no heartbeat
	read()                                              // tune-ok
	read()                                              // open
	method(0, 10, 41, 0)                                // open-ok
	read()                                              // channel.open
	method(1, 20, 11, append([]byte{}, text("")...)...) // channel.open-ok
}

func TestLostConnectionOpensTheBreaker(t *testing.T) {
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		broker(t, theirs)
	}()
	conn, err := amqp.Open(ours, amqp.Config{SASL: []amqp.Authentication{&amqp.PlainAuth{Username: "guest", Password: "guest"}}, Heartbeat: -1})
	if err != nil {
		t.Fatal(err)
	}
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	<-done
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	theirs.Close()
	<-closed
	client, err := NewResilientPublisher(channel, verdicttest.Quick("Publisher"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "PublishWithDeferredConfirmWithContext", func() error {
		_, err := client.PublishWithDeferredConfirmWithContext(t.Context(), "", "queue", false, false, amqp.Publishing{MessageId: "1"})
		return err
	})
}

// publisherFunc is a publisher that opens its channel when it is needed.
type publisherFunc func() error

func (f publisherFunc) PublishWithDeferredConfirmWithContext(context.Context, string, string, bool, bool, amqp.Publishing) (*amqp.DeferredConfirmation, error) {
	return nil, f()
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientPublisher(publisherFunc(func() error {
		return &amqp.Error{Code: amqp.NotFound, Reason: "NOT_FOUND - no exchange 'orders'", Server: true}
	}))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "PublishWithDeferredConfirmWithContext", func() error {
		_, err := client.PublishWithDeferredConfirmWithContext(t.Context(), "orders", "", false, false, amqp.Publishing{})
		return err
	})
}
