package main

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	resilotel "github.com/resilgen/resilgen/integrations/otel"
	resilprom "github.com/resilgen/resilgen/integrations/prometheus"
	resil "github.com/resilgen/resilgen/runtime"
)

// A telemetry is where clients are seen: metrics, traces and the log.
type telemetry struct {
	clients resil.Registry // for metrics, the page and overrides
	metrics *prometheus.Registry
	traces  *sdktrace.TracerProvider
}

// newTelemetry exports traces to an exporter, if that is not nil.
func newTelemetry(spans sdktrace.SpanExporter) *telemetry {
	t := &telemetry{metrics: prometheus.NewRegistry()}
	t.metrics.MustRegister(resilprom.NewCollector(&t.clients))
	if spans == nil {
		t.traces = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	} else {
		t.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
	}
	return t
}

// options are what each client is made with.
func (t *telemetry) options() []resil.Option {
	return []resil.Option{
		resil.WithRegistry(&t.clients),
		resil.WithDurations(),
		resil.WithObserver(resil.LogObserver(nil)), // to slog.Default
		resil.WithObserver(resilotel.SpanObserver),
		resilotel.WithAttemptSpans(resilotel.WithTracerProvider(t.traces)),
	}
}

func (t *telemetry) tracer() trace.Tracer { return t.traces.Tracer("shop") }

// handler serves the metrics.
func (t *telemetry) handler() http.Handler {
	return promhttp.HandlerFor(t.metrics, promhttp.HandlerOpts{})
}

// close exports what is left.
func (t *telemetry) close(ctx context.Context) error { return t.traces.Shutdown(ctx) }
