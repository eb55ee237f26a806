package resilotel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	list "github.com/resilgen/resilgen/internal/metric"
)

// scope is the name of the meter, the logger and the tracer.
const scope = "github.com/resilgen/resilgen"

// An Option changes where telemetry goes or what there is of it. Each function says which
// options it heeds.
type Option func(*options)

type options struct {
	meters  metric.MeterProvider
	loggers log.LoggerProvider
	tracers trace.TracerProvider
	view    list.View
	debug   bool
}

// WithMeterProvider has [Register] and [NewHistograms] use p in place of the global meter
// provider.
func WithMeterProvider(p metric.MeterProvider) Option { return func(o *options) { o.meters = p } }

// WithLoggerProvider has [LogObserver] use p in place of the global logger provider.
func WithLoggerProvider(p log.LoggerProvider) Option { return func(o *options) { o.loggers = p } }

// WithTracerProvider has [WithAttemptSpans] use p in place of the global tracer provider.
func WithTracerProvider(p trace.TracerProvider) Option { return func(o *options) { o.tracers = p } }

// WithoutMethod has [Register] and [NewHistograms] leave out the attribute resil.method: the
// series of a client's methods are added up. It is for programs with so many methods that
// their series would be too many.
func WithoutMethod() Option { return func(o *options) { o.view.WithoutMethod = true } }

// WithDebug has [LogObserver] emit the events at the severity DEBUG too. There is at least one
// for each attempt that fails.
func WithDebug() Option { return func(o *options) { o.debug = true } }

func newOptions(opts []Option) *options {
	o := new(options)
	for _, opt := range opts {
		opt(o)
	}
	if o.meters == nil {
		o.meters = otel.GetMeterProvider()
	}
	if o.loggers == nil {
		o.loggers = otel.GetLoggerProvider()
	}
	if o.tracers == nil {
		o.tracers = otel.GetTracerProvider()
	}
	return o
}

func (o *options) meter() metric.Meter { return o.meters.Meter(scope) }
