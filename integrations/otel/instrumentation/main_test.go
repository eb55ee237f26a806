package instrumentation_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	resil "github.com/resilgen/resilgen/runtime"
)

var update = flag.Bool("update", false, "write what the pages show")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = resil.Infra(errors.New("connection refused"))

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errDown }

// newClient returns the method Get of a new client of that name, whose guards have its name too.
func newClient(t *testing.T, name string, directives []string, opts ...resil.Option) (*resil.Client, *resil.Method) {
	t.Helper()
	return newSpec(t, name, resil.MethodSpec{Name: "Get", Idempotent: true}, directives, opts...)
}

func newSpec(t *testing.T, name string, m resil.MethodSpec, directives []string, opts ...resil.Option) (*resil.Client, *resil.Method) {
	t.Helper()
	policies, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	if policies.Breaker != nil {
		policies.Breaker.Name = name
	}
	if policies.Limit != nil {
		policies.Limit.Name = name
	}
	if policies.Bulkhead != nil {
		policies.Bulkhead.Name = name
	}
	m.Policies = policies
	c, err := resil.New(resil.Spec{Name: name, Methods: []resil.MethodSpec{m}}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Method("Get")
}

func newSpans() (*tracetest.SpanRecorder, *sdktrace.TracerProvider) {
	r := tracetest.NewSpanRecorder()
	return r, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r))
}

// described writes spans that have ended: name and attributes.
func described(spans []sdktrace.ReadOnlySpan) (list []string) {
	for _, s := range spans {
		set := attribute.NewSet(s.Attributes()...)
		list = append(list, fmt.Sprintf("%s %s", s.Name(), set.Encoded(attribute.DefaultEncoder())))
	}
	return list
}

// under runs f under a span of the caller, which ends last.
func under(t *testing.T, p trace.TracerProvider, f func(ctx context.Context)) {
	ctx, span := p.Tracer("test").Start(t.Context(), "handler")
	defer span.End()
	f(ctx)
}
