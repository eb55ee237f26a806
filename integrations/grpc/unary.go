package resilgrpc

import (
	"context"

	"google.golang.org/grpc"

	resil "github.com/resilgen/resilgen/runtime"
)

// Unary is the guard's [grpc.UnaryClientInterceptor]. Where attempts end, the error is
// the last attempt's or, where the guard had a part in the failure, an [*resil.Error];
// either has a status of gRPC: see [status.Code].
func (g *Guard) Unary(ctx context.Context, fullMethod string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	m := g.find(fullMethod, g.unary)
	if m == nil {
		return invoker(outgoing(ctx), fullMethod, req, reply, cc, opts...)
	}
	var a answer
	err := resil.RunClassified(ctx, m.guarded, func(ctx context.Context) error {
		a = answer{}
		return invoker(outgoing(ctx), fullMethod, req, reply, cc, a.options(opts)...)
	}, func(err error) resil.Verdict { return a.verdict(m, err) })
	return withStatus(err)
}
