package resilotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	list "github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// Histograms measure how long calls and attempts take, and how many retries calls have.
// Give Observe to the clients that are to be measured. They are safe for concurrent use.
type Histograms struct {
	callDuration, attemptDuration metric.Float64Histogram
	callRetries                   metric.Int64Histogram

	// The attributes of what has been seen.
	calls, attempts, retries *list.Series[[]metric.RecordOption]
}

// NewHistograms returns histograms without series. There is a series for each client,
// method and outcome, or class, that has been seen. Options: [WithMeterProvider],
// [WithoutMethod].
func NewHistograms(opts ...Option) (*Histograms, error) {
	o := newOptions(opts)
	meter := o.meter()
	h := &Histograms{
		calls:    newSeries(o.view, list.CallDuration, outcomeOf),
		attempts: newSeries(o.view, list.AttemptDuration, classOf),
		retries:  newSeries(o.view, list.CallRetries, outcomeOf),
	}
	var err error
	if h.callDuration, err = newDuration(meter, &list.List[list.CallDuration]); err != nil {
		return nil, err
	}
	if h.attemptDuration, err = newDuration(meter, &list.List[list.AttemptDuration]); err != nil {
		return nil, err
	}
	m := &list.List[list.CallRetries]
	h.callRetries, err = meter.Int64Histogram(m.Name, metric.WithUnit(m.Unit), metric.WithDescription(m.Help), metric.WithExplicitBucketBoundaries(m.Bounds...))
	if err != nil {
		return nil, err
	}
	return h, nil
}

func newDuration(meter metric.Meter, m *list.Metric) (metric.Float64Histogram, error) {
	return meter.Float64Histogram(m.Name, metric.WithUnit(m.Unit), metric.WithDescription(m.Help), metric.WithExplicitBucketBoundaries(m.Bounds...))
}

// Observe is a [resil.Observer].
func (h *Histograms) Observe(ctx context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventCallEnded:
		h.callDuration.Record(ctx, e.Elapsed.Seconds(), h.calls.Of(e.Client, e.Method, uint8(e.Outcome))...)
		if e.Retries > 0 {
			h.callRetries.Record(ctx, int64(e.Retries), h.retries.Of(e.Client, e.Method, uint8(e.Outcome))...)
		}
	case resil.EventAttemptEnded:
		h.attemptDuration.Record(ctx, e.Elapsed.Seconds(), h.attempts.Of(e.Client, e.Method, uint8(e.Class))...)
	}
}

func classOf(word uint8) (class, failure string) { return resil.Class(word).String(), "" }

func outcomeOf(word uint8) (outcome, failure string) {
	outcome = resil.Outcome(word).String()
	if resil.Outcome(word) != resil.OutcomeSucceeded {
		failure = outcome
	}
	return outcome, failure
}

// newSeries are the attributes of a metric whose last one is what word says.
func newSeries(v list.View, id list.ID, word func(uint8) (text, failure string)) *list.Series[[]metric.RecordOption] {
	return list.NewSeries(v, func(client, method string, n uint8) []metric.RecordOption {
		text, failure := word(n)
		all := attributes(v.Attributes(id), v.Values(id, client, method, text))
		if list.List[id].ErrorType && failure != "" {
			all = append(all, errorType.String(failure))
		}
		return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(all...))}
	})
}
