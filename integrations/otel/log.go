package resilotel

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	resil "github.com/resilgen/resilgen/runtime"
)

// LogObserver returns an observer that emits the events of [resil.LogObserver] as log
// records, with its levels and its bounds on how many there are. A record has an event name,
// such as resil.breaker.state_changed, and belongs to the span of the call that it is about.
//
// The attributes are those of resil.LogObserver after "resil.", durations in seconds; an
// error is the record's, which the SDK turns into exception.type and exception.message. The key
// of a breaker is among them.
//
// It is safe for concurrent use. Options: [WithLoggerProvider], [WithDebug].
func LogObserver(opts ...Option) resil.Observer {
	o := newOptions(opts)
	h := &handler{to: o.loggers.Logger(scope), least: slog.LevelInfo}
	if o.debug {
		h.least = slog.LevelDebug
	}
	return resil.LogObserver(slog.New(h))
}

// A handler turns records of slog into OpenTelemetry's.
type handler struct {
	to    log.Logger
	least slog.Level
	attrs []slog.Attr
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.least && h.to.Enabled(ctx, log.EnabledParameters{Severity: severity(l)})
}

func (h *handler) Handle(ctx context.Context, from slog.Record) error {
	var r log.Record
	r.SetTimestamp(from.Time)
	r.SetSeverity(severity(from.Level))
	r.SetSeverityText(from.Level.String())
	r.SetBody(attribute.StringValue(from.Message))
	set := func(a slog.Attr) bool {
		switch err, isError := a.Value.Any().(error); {
		case a.Key == "event.name":
			r.SetEventName(a.Value.String())
		case a.Key == "error" && isError:
			r.SetErr(err)
		default:
			r.AddAttributes(attribute.KeyValue{Key: key(a.Key), Value: value(a.Value)})
		}
		return true
	}
	for _, a := range h.attrs {
		set(a)
	}
	from.Attrs(set)
	h.to.Emit(ctx, r)
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Concat(h.attrs, attrs)
	return &with
}

// WithGroup returns h: attributes of events are in no group.
func (h *handler) WithGroup(string) slog.Handler { return h }

// severity is that of a level: 0 is INFO, and each step of 4 is one of OpenTelemetry's.
func severity(l slog.Level) log.Severity { return log.SeverityInfo + log.Severity(l) }

func value(v slog.Value) attribute.Value {
	switch v.Kind() {
	case slog.KindString:
		return attribute.StringValue(v.String())
	case slog.KindBool:
		return attribute.BoolValue(v.Bool())
	case slog.KindInt64:
		return attribute.Int64Value(v.Int64())
	case slog.KindUint64:
		return attribute.Int64Value(int64(v.Uint64()))
	case slog.KindFloat64:
		return attribute.Float64Value(v.Float64())
	case slog.KindDuration:
		return attribute.Float64Value(v.Duration().Seconds())
	}
	if list, ok := v.Any().([]string); ok {
		return attribute.StringSliceValue(list)
	}
	return attribute.StringValue(fmt.Sprint(v.Any()))
}
