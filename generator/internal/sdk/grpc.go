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
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of gRPC by their status. A server that is unavailable and
// says until when asks for fewer calls.
func classify(err error) resil.Verdict {
	s, ok := status.FromError(err)
	if !ok {
		return resil.Verdict{}
	}
	v := resil.GRPCStatus(uint32(s.Code()), s.Message())
	for _, detail := range s.Proto().GetDetails() {
		v.After = max(v.After, resil.RetryInfo(detail.GetTypeUrl(), detail.GetValue()))
	}
	if s.Code() == codes.Unavailable && v.After > 0 {
		v.Class = resil.Throttled
	}
	return v
}
`,
	Safe:    []string{"HealthClient.Watch"},
	Retries: Retries{Attempts: 1, Switch: "grpc.WithDisableRetry()"},
	Notes: []string{
		"A retryPolicy in a service config, which also a name resolver can bring, multiplies with the retry of a wrapper, unless grpc.WithDisableRetry stops it.",
		"A server's grpc-retry-pushback-ms stands in the trailer, which a wrapper does not see.",
		"A proxy's HTTP status 429 arrives as UNAVAILABLE.",
		"Of a stream only the opening is repeated.",
	},
}
