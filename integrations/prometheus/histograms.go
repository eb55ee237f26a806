package resilprom

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

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
	o := newOptions(opts)
	return &Histograms{
		callDuration:    o.histograms(callDuration),
		attemptDuration: o.histograms(attemptDuration),
		callRetries:     o.histograms(callRetries),
	}
}

// Observe is a [resil.Observer].
func (h *Histograms) Observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventCallEnded:
		h.callDuration.observe(e.Elapsed.Seconds(), e.Client, e.Method, e.Outcome.String())
		if e.Attempt > 1 {
			h.callRetries.observe(float64(e.Attempt-1), e.Client, e.Method, e.Outcome.String())
		}
	case resil.EventAttemptEnded:
		h.attemptDuration.observe(e.Elapsed.Seconds(), e.Client, e.Method, e.Class.String())
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

// A histograms is one metric.
type histograms struct {
	vec     *prometheus.HistogramVec
	dropped int // of the labels; -1 for none
}

func (o options) histograms(i int) *histograms {
	m := &metrics[i]
	h := &histograms{dropped: o.dropped(m)}
	h.vec = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.name, Help: m.help, Buckets: m.bounds},
		without(m.labels, h.dropped))
	return h
}

func (h *histograms) observe(x float64, labels ...string) {
	h.vec.WithLabelValues(valid(without(labels, h.dropped))...).Observe(x)
}
