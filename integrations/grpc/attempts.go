package resilgrpc

import (
	"context"
	"strconv"

	"google.golang.org/grpc/metadata"

	resil "github.com/resilgen/resilgen/runtime"
)

// previousAttempts is the header in which a client tells how often it has made a call
// before: gRPC proposal A6, "Exposed Retry Metadata".
const previousAttempts = "grpc-previous-rpc-attempts"

// outgoing returns the context of an attempt, or of a call that is made for one, with the
// header if it is not the first.
func outgoing(ctx context.Context) context.Context {
	previous := resil.Attempt(ctx) - 1
	if previous == 0 {
		return ctx
	}
	md, ok := metadata.FromOutgoingContext(ctx) // a copy
	if !ok {
		md = metadata.MD{}
	}
	md.Set(previousAttempts, strconv.Itoa(previous))
	return metadata.NewOutgoingContext(ctx, md)
}

// incoming returns the context of a request, marked if the client says that it repeats
// it.
func incoming(ctx context.Context) context.Context {
	previous := uint64(0)
	for _, text := range metadata.ValueFromIncomingContext(ctx, previousAttempts) {
		if n, err := strconv.ParseUint(text, 10, 30); err == nil { // what overflows is no number of attempts
			previous = max(previous, n)
		}
	}
	if previous == 0 {
		return ctx
	}
	return resil.Repeated(ctx, int(previous)+1)
}
