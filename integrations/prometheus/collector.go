package resilprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Collector exports the statistics of the clients in a registry. It reads them when it is
// scraped, so that calls pay nothing. It is safe for concurrent use.
//
// Clients with the same name are one: their series are added up, and shares are those of
// the sums. A client that is made or removed later is seen at the next scrape. What a removed
// one has counted stays in the sums as long as another has its name.
type Collector struct {
	registry *resil.Registry
	reader   *metric.Reader
	descs    [metric.Statistics]*prometheus.Desc
}

// NewCollector returns a collector for the clients that registry lists, now and later.
// A nil registry lists none.
func NewCollector(registry *resil.Registry, opts ...Option) *Collector {
	view := viewOf(opts)
	c := &Collector{registry: registry, reader: metric.NewReader(view)}
	for id := range metric.Statistics {
		m := &metric.List[id]
		c.descs[id] = prometheus.NewDesc(m.Prometheus(), m.Help, view.Attributes(id), nil)
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
		if err != nil {
			m = prometheus.NewInvalidMetric(c.descs[s.ID], err)
		}
		ch <- m
	}
}
