package resilgrpc

import (
	"slices"

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

// verdict says of the error of an attempt of m, which may be nil, what [classify] does not.
func (a *answer) verdict(m *method, err error) (v resil.Verdict) {
	if err == nil {
		return v
	}
	if s, ok := status.FromError(err); ok {
		v = a.hint(s)
	}
	v.Final = v.Final || !m.idempotent && !v.Unsent
	return v
}

// hint returns what only an interceptor knows of a failed attempt: what the server
// wants of retries, in the trailer or in the details of its status, and whether there was
// a connection.
func (a *answer) hint(s *status.Status) (v resil.Verdict) {
	if a.header == nil { // else the server has worked on the request: proposal A6
		v = resil.GRPCPushback(a.trailer.Get(pushback))
	}
	v.Unsent = s.Code() == codes.Unavailable && a.peer.Addr == nil && !a.opened
	return withDetails(v, s)
}

// withDetails adds to v what the details of a status say. A server that is unavailable or
// exhausted and says until when asks for fewer calls.
func withDetails(v resil.Verdict, s *status.Status) resil.Verdict {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			v.After = max(v.After, info.GetRetryDelay().AsDuration())
		}
	}
	if v.After > 0 && (s.Code() == codes.Unavailable || s.Code() == codes.ResourceExhausted) {
		v.Class = resil.Throttled
	}
	return v
}

// classify classifies errors by their status.
func classify(err error) resil.Verdict {
	s, ok := status.FromError(err)
	if !ok {
		return resil.Verdict{}
	}
	return withDetails(resil.Verdict{}, s).Or(resil.GRPCStatus(uint32(s.Code()), s.Message()))
}
