package resilotel

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	list "github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// SpanObserver is a [resil.Observer] that says on the caller's span how its call has ended:
// resil.outcome, and resil.attempts, those that were made, hedges included. Where
// one span has several calls, it shows the last. The span's status stays the caller's to set,
// because only the caller knows what a failure means, and errors that were retried are not
// recorded there.
func SpanObserver(ctx context.Context, e resil.Event) {
	if e.Kind != resil.EventCallEnded {
		return
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(key("outcome").String(e.Outcome.String()), key("attempts").Int(e.Attempt))
	}
}

// WithAttemptSpans makes a span for each attempt that passes the guards, within the caller's
// span: "attempt Users.Get", of the kind INTERNAL. What the callee records is within it.
//
// Attributes are resil.client, resil.method, resil.attempt (from 1), resil.hedge where the
// attempt is one, and resil.class. An attempt that failed (infrastructure, system, throttled,
// unknown) has the status ERROR and error.type: the status of an HTTP response that failed, or
// else the class. So has one that did not return, by a panic say, with the error.type
// "panicked" and no class. An answer of the callee, such as "not found", and an attempt that
// its caller gave up have neither.
//
// Where the instrumentation of the client library makes a span for each attempt already, as
// that of HTTP and gRPC does beneath a guard, [CountResends] or [NumberAttempts] is enough.
// Option: [WithTracerProvider].
func WithAttemptSpans(opts ...Option) resil.Option {
	tracer := newOptions(opts).tracers.Tracer(scope)
	return resil.WithAttempts(func(ctx context.Context, a resil.AttemptInfo) (context.Context, func(resil.Verdict)) {
		attributes := []attribute.KeyValue{
			key("client").String(a.Client),
			key("method").String(a.Method),
			key("attempt").Int(a.Number),
		}
		if a.Hedge {
			attributes = append(attributes, key("hedge").Bool(true))
		}
		ctx, span := tracer.Start(ctx, "attempt "+a.Client+"."+a.Method, trace.WithAttributes(attributes...))
		return ctx, func(v resil.Verdict) {
			end(span, v)
		}
	})
}

// end ends the span of an attempt with what the attempt is taken for.
func end(span trace.Span, v resil.Verdict) {
	defer span.End()
	if v.Class == resil.Undecided {
		span.SetAttributes(errorType.String(list.Panicked))
		span.SetStatus(codes.Error, "")
		return
	}
	class := key("class").String(v.Class.String())
	switch v.Class {
	case resil.Success, resil.Application, resil.Canceled:
		span.SetAttributes(class)
	default:
		span.SetAttributes(class, errorType.String(typeOf(v)))
		span.SetStatus(codes.Error, "")
	}
}

// typeOf is the type of a failure: the status of an HTTP response, or the class.
func typeOf(v resil.Verdict) string {
	if v.Status != 0 {
		return strconv.Itoa(v.Status)
	}
	return v.Class.String()
}
