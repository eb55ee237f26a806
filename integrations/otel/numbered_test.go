package resilotel

import (
	"context"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/trace"

	resil "github.com/resilgen/resilgen/runtime"
)

// Only spans of clients, in attempts after the first, have a number.
func TestOtherSpansHaveNoNumber(t *testing.T) {
	r, p := newSpans()
	tracer := CountResends(p).Tracer("test")
	second := resil.Repeated(t.Context(), 2)
	for _, test := range []struct {
		ctx  context.Context
		kind trace.SpanKind
	}{{t.Context(), trace.SpanKindClient}, {second, trace.SpanKindInternal}, {second, trace.SpanKindServer}, {second, trace.SpanKindClient}} {
		_, span := tracer.Start(test.ctx, "span", trace.WithSpanKind(test.kind))
		span.End()
	}
	want := []string{"span client Unset ", "span internal Unset ", "span server Unset ", "span client Unset http.request.resend_count=1"}
	if got := described(r.Ended()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The options of others stay as they are.
func TestNumbersAreAddedToACopyOfTheOptions(t *testing.T) {
	r, p := newSpans()
	tracer := NumberAttempts(p).Tracer("test")
	opts := append(make([]trace.SpanStartOption, 0, 2), trace.WithSpanKind(trace.SpanKindClient))
	_, span := tracer.Start(resil.Repeated(t.Context(), 3), "span", opts...)
	span.End()
	if got, want := described(r.Ended()), []string{"span client Unset resil.attempt=3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if opts[:2][1] != nil {
		t.Error("an option is written into the caller's list")
	}
}
