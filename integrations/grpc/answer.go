package resilgrpc

import (
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	resil "github.com/resilgen/resilgen/runtime"
)

// pushback is the trailer in which a server says when to repeat a call, or that it must
// not be repeated: gRPC proposal A6, "Server Pushback".
const pushback = "grpc-retry-pushback-ms"

// An answer is what an interceptor sees of an attempt beside its error.
type answer struct {
	header  metadata.MD // nil where the server sent nothing but a trailer
	trailer metadata.MD
	peer    peer.Peer // of a unary call; without an address if there was no connection to send on
	opened  bool      // a stream had a connection
}

// options returns opts with those that fill in the answer of a unary call.
func (a *answer) options(opts []grpc.CallOption) []grpc.CallOption {
	return append(slices.Clip(opts), grpc.Header(&a.header), grpc.Trailer(&a.trailer), grpc.Peer(&a.peer))
}

// hint returns what only an interceptor knows of a failed attempt: what the server
// wants of retries, in the trailer or in the details of its status, and whether anything
// was sent. A server that is unavailable or exhausted and says until when asks for fewer
// calls.
func (a *answer) hint(s *status.Status) (v resil.Verdict) {
	if a.header == nil { // else the server has worked on the request: proposal A6
		v = resil.GRPCPushback(a.trailer.Get(pushback))
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			v.After = max(v.After, info.GetRetryDelay().AsDuration())
		}
	}
	switch s.Code() {
	case codes.Unavailable:
		v.Unsent = a.peer.Addr == nil && !a.opened
		if v.After > 0 {
			v.Class = resil.Throttled
		}
	case codes.ResourceExhausted:
		if v.After > 0 {
			v.Class = resil.Throttled
		}
	}
	return v
}

// verdict classifies the error of an attempt of m, which may be nil.
func (a *answer) verdict(m *method, err error) (v resil.Verdict) {
	if err == nil {
		return v
	}
	for _, classify := range m.classify {
		v = v.Or(classify(err))
	}
	if s, ok := status.FromError(err); ok {
		v = v.Or(a.hint(s)).Or(classOf(s))
	}
	v.Final = v.Final || !m.idempotent && !v.Unsent
	return v
}

// classOf is the table of codes, but for two errors that the client itself makes and
// that have a code with another meaning.
func classOf(s *status.Status) resil.Verdict {
	switch {
	case s.Code() == codes.ResourceExhausted && slices.ContainsFunc(tooLarge, func(text string) bool { return strings.HasPrefix(s.Message(), text) }):
		return resil.Verdict{Class: resil.Application}
	case s.Code() == codes.Canceled && s.Message() == "grpc: the client connection is closing":
		return resil.Verdict{Class: resil.SystemFault}
	}
	return resil.GRPCCode(uint32(s.Code()))
}

// tooLarge are the beginnings of the messages of grpc-go, up to v1.85.0 at least, for
// messages that are larger than either side wants.
var tooLarge = []string{
	"grpc: received message larger than max",
	"grpc: message after decompression larger than max",
	"grpc: received message after decompression larger than max",
	"trying to send message larger than max",
}
