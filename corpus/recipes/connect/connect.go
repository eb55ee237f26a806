// Package connect guards a client of Connect.
package connect

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

//go:generate go tool resilgen

// Names is a client as protoc-gen-connect-go makes it.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:breaker
type Names interface {
	GetName(ctx context.Context, req *connect.Request[wrapperspb.Int64Value]) (*connect.Response[wrapperspb.StringValue], error)
}
