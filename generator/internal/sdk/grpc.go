package sdk

// The classes are those of gRPC's documentation of status codes and of what grpc-go
// makes of broken connections. Trailers, where a server may forbid to repeat a call, can
// be seen by an interceptor only.
var grpcLibrary = &Library{
	Name:  "grpc",
	Ident: "GRPC",
	Title: "gRPC",
	Tried: []string{"google.golang.org/grpc@v1.84.0"},
	Shown: []string{"google.golang.org/grpc/..."},
	Glue: `
import (
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of gRPC by their status.
func classify(err error) resil.Verdict {
	if errors.Is(err, grpc.ErrClientConnClosing) {
		return resil.Verdict{Class: resil.SystemFault}
	}
	s, ok := status.FromError(err)
	if !ok {
		return resil.Verdict{}
	}
	return resil.GRPCCode(uint32(s.Code()))
}
`,
	Retries: Retries{Attempts: 1, Switch: "grpc.WithDisableRetry()"},
}
