package sdk

// The classes are those of gRPC's documentation of status codes and of what grpc-go
// makes of broken connections. Trailers, where a server may forbid to repeat a call, can
// be seen by an interceptor only. An UNAVAILABLE that says when to come back asks for
// fewer calls, as in the specification of OTLP.
var grpcLibrary = &Library{
	Name:  "grpc",
	Ident: "GRPC",
	Title: "gRPC",
	Tried: []string{"google.golang.org/grpc@v1.85.0"},
	Shown: []string{"google.golang.org/grpc/..."},
	Glue: `
import (
	"errors"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of gRPC by their status. A message that is too large is
// the caller's error, although gRPC gives it the code of an exhausted server.
func classify(err error) resil.Verdict {
	if errors.Is(err, grpc.ErrClientConnClosing) {
		return resil.Verdict{Class: resil.SystemFault}
	}
	s, ok := status.FromError(err)
	if !ok {
		return resil.Verdict{}
	}
	if s.Code() == codes.ResourceExhausted && strings.Contains(s.Message(), "larger than max") {
		return resil.Verdict{Class: resil.Application}
	}
	v := resil.GRPCCode(uint32(s.Code()))
	for _, detail := range s.Proto().GetDetails() {
		v.After = max(v.After, resil.RetryInfo(detail.GetTypeUrl(), detail.GetValue()))
	}
	if s.Code() == codes.Unavailable && v.After > 0 {
		v.Class = resil.Throttled
	}
	return v
}
`,
	Retries: Retries{Attempts: 1, Switch: "grpc.WithDisableRetry()"},
	Notes: []string{
		"A retryPolicy in a service config, which also a name resolver can bring, multiplies with the retry of a wrapper, unless grpc.WithDisableRetry stops it.",
		"A server's grpc-retry-pushback-ms stands in the trailer, which a wrapper does not see.",
		"A proxy's HTTP status 429 arrives as UNAVAILABLE.",
		"Of a stream only the opening is repeated.",
	},
}
