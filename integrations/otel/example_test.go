package resilotel_test

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	resilotel "github.com/resilgen/resilgen/integrations/otel"
	resil "github.com/resilgen/resilgen/runtime"
)

// NewResilientUsers stands for what the generator writes.
func NewResilientUsers(backend func(context.Context) error, opts ...resil.Option) (*ResilientUsers, error) {
	policies, err := resil.ParsePolicies("retry 3 initial=1ms", "breaker")
	if err != nil {
		return nil, err
	}
	policies.Breaker.Name = "Users"
	c, err := resil.New(resil.Spec{Name: "Users", Methods: []resil.MethodSpec{{Name: "Get", Idempotent: true, Policies: policies}}}, opts...)
	return &ResilientUsers{backend, c}, err
}

type ResilientUsers struct {
	backend func(context.Context) error
	client  *resil.Client
}

func (u *ResilientUsers) Get(ctx context.Context) error {
	return resil.Run(ctx, u.client.Method("Get"), u.backend)
}

func backend(ctx context.Context) error {
	if resil.Attempt(ctx) == 1 {
		return resil.Infra(errors.New("connection reset"))
	}
	return nil
}

// newUsers switches everything on.
func newUsers() (*ResilientUsers, error) {
	registry := new(resil.Registry)
	if _, err := resilotel.Register(registry); err != nil {
		return nil, err
	}
	histograms, err := resilotel.NewHistograms()
	if err != nil {
		return nil, err
	}
	return NewResilientUsers(backend,
		resil.WithRegistry(registry),                // counters and states
		resil.WithObserver(histograms.Observe),      // durations
		resil.WithObserver(resilotel.LogObserver()), // events
		resil.WithObserver(resilotel.SpanObserver),  // outcomes, on the caller's spans
		resilotel.WithAttemptSpans())                // a span for each attempt
}

func Example() {
	// What a program does as it starts, with exporters of its own.
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewSpanRecorder()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))

	users, err := newUsers()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, span := otel.Tracer("shop").Start(context.Background(), "checkout")
	users.Get(ctx)
	span.End()

	for _, s := range spans.Ended() {
		fmt.Println(s.Name(), s.Status().Code)
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if m.Name == "resil.client.retries" {
			fmt.Println(m.Name, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
		}
	}
	// Output:
	// attempt Users.Get Error
	// attempt Users.Get Unset
	// checkout Unset
	// resil.client.retries 1
}

func ExampleWithAttemptSpans() {
	users, err := NewResilientUsers(backend,
		resil.WithObserver(resilotel.SpanObserver), // outcomes, on the caller's spans
		resilotel.WithAttemptSpans())               // a span for each attempt
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(users.Get(context.Background()))
	// Output: <nil>
}
