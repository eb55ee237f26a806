package resilprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Collector exports the statistics of the clients in a registry and, of those that have
// [resil.WithDurations], histograms of durations. It reads them when it is scraped, so that
// calls pay nothing for statistics, and for durations only what recording them costs. It is
// safe for concurrent use.
//
// Clients with the same name are one: their series are added up, and shares are those of
// the sums. A client that is made or removed later is seen at the next scrape. What a removed
// one has counted stays in the sums and histograms as long as another has its name.
type Collector struct {
	registry *resil.Registry
	reader   *metric.Reader
	descs    [len(metric.List)]*prometheus.Desc
}

// NewCollector returns a collector for the clients that registry lists, now and later.
// A nil registry lists none.
func NewCollector(registry *resil.Registry, opts ...Option) *Collector {
	view := viewOf(opts)
	c := &Collector{registry: registry, reader: metric.NewReader(view)}
	for i := range c.descs {
		m := &metric.List[i]
		c.descs[i] = prometheus.NewDesc(m.Prometheus(), m.Help, view.Attributes(metric.ID(i)), nil)
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.reader.Read(c.registry) {
		typ := prometheus.GaugeValue
		if metric.List[s.ID].Kind == metric.Counter {
			typ = prometheus.CounterValue
		}
		m, err := prometheus.NewConstMetric(c.descs[s.ID], typ, s.Value(), s.Values...)
		ch <- c.valid(s.ID, m, err)
	}
	for _, d := range c.reader.Distributions(c.registry) {
		m, err := prometheus.NewConstHistogram(c.descs[d.ID], d.Count, d.Sum, d.Below, d.Values...)
		ch <- c.valid(d.ID, m, err)
	}
}

// valid returns a sample, or one that says why there is none.
func (c *Collector) valid(id metric.ID, m prometheus.Metric, err error) prometheus.Metric {
	if err != nil {
		return prometheus.NewInvalidMetric(c.descs[id], err)
	}
	return m
}
