package resilotel

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	resil "github.com/resilgen/resilgen/runtime"
)

// CountResends returns a tracer provider like p whose client spans have
// http.request.resend_count, if they belong to an attempt that is not the first: the attempt's
// number less one. Give it to the instrumentation of an HTTP client beneath a guard:
//
//	otelhttp.NewTransport(http.DefaultTransport, otelhttp.WithTracerProvider(resilotel.CountResends(provider)))
//
// The attempt is that of [resil.Attempt]. Where a request that is served is a repetition
// itself, first attempts under it have its number.
func CountResends(p trace.TracerProvider) trace.TracerProvider {
	return numbered{p, func(attempt int) attribute.KeyValue {
		return attribute.Int("http.request.resend_count", attempt-1)
	}}
}

// NumberAttempts is [CountResends] for clients of other protocols, for whose spans there is no
// convention: they have resil.attempt, the attempt's number.
//
//	otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(resilotel.NumberAttempts(provider)))
func NumberAttempts(p trace.TracerProvider) trace.TracerProvider {
	return numbered{p, func(attempt int) attribute.KeyValue { return key("attempt").Int(attempt) }}
}

type numbered struct {
	trace.TracerProvider
	number func(attempt int) attribute.KeyValue
}

func (n numbered) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return numberedTracer{n.TracerProvider.Tracer(name, opts...), n.number}
}

type numberedTracer struct {
	trace.Tracer
	number func(attempt int) attribute.KeyValue
}

func (t numberedTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if n := resil.Attempt(ctx); n > 1 {
		if span := trace.NewSpanStartConfig(opts...); span.SpanKind() == trace.SpanKindClient {
			opts = append(slices.Clip(opts), trace.WithAttributes(t.number(n)))
		}
	}
	return t.Tracer.Start(ctx, name, opts...)
}
