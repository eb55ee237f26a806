package resilprom

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// Histograms measure how long calls and attempts take, and how many retries calls have.
// Give Observe to the clients that are to be measured. They are safe for concurrent use, and
// calls share no lock.
type Histograms struct {
	callDuration, attemptDuration, callRetries *histogram
}

// NewHistograms returns histograms without series. There is a series for each client,
// method and outcome, or class, that has been seen.
func NewHistograms(opts ...Option) *Histograms {
	v := viewOf(opts)
	return &Histograms{
		callDuration:    newHistogram(v, metric.CallDuration, outcome),
		attemptDuration: newHistogram(v, metric.AttemptDuration, class),
		callRetries:     newHistogram(v, metric.CallRetries, outcome),
	}
}

func outcome(word uint8) string { return resil.Outcome(word).String() }
func class(word uint8) string   { return resil.Class(word).String() }

// Observe is a [resil.Observer].
func (h *Histograms) Observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventCallEnded:
		h.callDuration.add(&e, uint8(e.Outcome), int64(e.Elapsed))
		if e.Retries > 0 {
			h.callRetries.add(&e, uint8(e.Outcome), int64(e.Retries))
		}
	case resil.EventAttemptEnded:
		h.attemptDuration.add(&e, uint8(e.Class), int64(e.Elapsed))
	}
}

// Describe implements [prometheus.Collector].
func (h *Histograms) Describe(ch chan<- *prometheus.Desc) {
	for _, one := range []*histogram{h.callDuration, h.attemptDuration, h.callRetries} {
		ch <- one.desc
	}
}

// Collect implements [prometheus.Collector].
func (h *Histograms) Collect(ch chan<- prometheus.Metric) {
	for _, one := range []*histogram{h.callDuration, h.attemptDuration, h.callRetries} {
		for s := range one.series.All {
			ch <- one.read(s)
		}
	}
}

// A histogram is one metric.
type histogram struct {
	desc   *prometheus.Desc
	series *metric.Series[*series]
}

type series struct {
	labels []string
	*metric.Distribution
}

// newHistogram returns that of a metric whose last label is what word says.
func newHistogram(v metric.View, id metric.ID, word func(uint8) string) *histogram {
	m := &metric.List[id]
	return &histogram{
		desc: prometheus.NewDesc(m.Prometheus(), m.Help, v.Attributes(id), nil),
		series: metric.NewSeries(v, func(client, method string, n uint8) *series {
			return &series{v.Values(id, client, method, word(n)), m.NewDistribution()}
		}),
	}
}

func (h *histogram) add(e *resil.Event, word uint8, n int64) {
	h.series.Of(e.Client, e.Method, word).Add(n)
}

func (h *histogram) read(s *series) prometheus.Metric {
	count, sum, below := s.Read()
	m, err := prometheus.NewConstHistogram(h.desc, count, sum, below, s.labels...)
	if err != nil {
		return prometheus.NewInvalidMetric(h.desc, err)
	}
	return m
}
