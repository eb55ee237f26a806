package resilprom

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// Histograms measure how long calls and attempts take, and how many retries calls have.
// Give Observe to the clients that are to be measured. They are safe for concurrent use.
type Histograms struct {
	callDuration, attemptDuration, callRetries *histograms
}

// NewHistograms returns histograms without series. There is a series for each client,
// method and outcome, or class, that has been seen.
func NewHistograms(opts ...Option) *Histograms {
	v := viewOf(opts)
	return &Histograms{
		callDuration:    newHistograms(v, metric.CallDuration, outcome),
		attemptDuration: newHistograms(v, metric.AttemptDuration, class),
		callRetries:     newHistograms(v, metric.CallRetries, outcome),
	}
}

func outcome(word uint8) string { return resil.Outcome(word).String() }
func class(word uint8) string   { return resil.Class(word).String() }

// Observe is a [resil.Observer].
func (h *Histograms) Observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventCallEnded:
		h.callDuration.of(&e, uint8(e.Outcome)).Observe(e.Elapsed.Seconds())
		if e.Retries > 0 {
			h.callRetries.of(&e, uint8(e.Outcome)).Observe(float64(e.Retries))
		}
	case resil.EventAttemptEnded:
		h.attemptDuration.of(&e, uint8(e.Class)).Observe(e.Elapsed.Seconds())
	}
}

// Describe implements [prometheus.Collector].
func (h *Histograms) Describe(ch chan<- *prometheus.Desc) {
	h.callDuration.vec.Describe(ch)
	h.attemptDuration.vec.Describe(ch)
	h.callRetries.vec.Describe(ch)
}

// Collect implements [prometheus.Collector].
func (h *Histograms) Collect(ch chan<- prometheus.Metric) {
	h.callDuration.vec.Collect(ch)
	h.attemptDuration.vec.Collect(ch)
	h.callRetries.vec.Collect(ch)
}

// A histograms is one metric. Its series are found without the hash of their labels'
// values that the vector makes.
type histograms struct {
	vec    *prometheus.HistogramVec
	series *metric.Series[prometheus.Observer]
}

// newHistograms returns those of a metric whose last label is what word says.
func newHistograms(v metric.View, id metric.ID, word func(uint8) string) *histograms {
	m := &metric.List[id]
	h := &histograms{vec: prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: m.Prometheus(), Help: m.Help, Buckets: m.Bounds}, v.Attributes(id))}
	h.series = metric.NewSeries(v, func(client, method string, n uint8) prometheus.Observer {
		return h.vec.WithLabelValues(v.Values(id, client, method, word(n))...)
	})
	return h
}

func (h *histograms) of(e *resil.Event, word uint8) prometheus.Observer {
	return h.series.Of(e.Client, e.Method, word)
}
