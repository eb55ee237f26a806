package resilprom

import (
	"github.com/prometheus/client_golang/prometheus"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Collector exports the statistics of the clients in a registry. It reads them when it is
// scraped, so that calls pay nothing. It is safe for concurrent use.
//
// Clients with the same name are one: their series are added up, and shares are those of
// the sums. A client that is made or removed later is seen at the next scrape.
type Collector struct {
	registry *resil.Registry
	options  options
	descs    [callDuration]*prometheus.Desc
}

// NewCollector returns a collector for the clients that registry lists, now and later.
// A nil registry lists none.
func NewCollector(registry *resil.Registry, opts ...Option) *Collector {
	c := &Collector{registry: registry, options: newOptions(opts)}
	for i := range c.descs {
		m := &metrics[i]
		c.descs[i] = prometheus.NewDesc(m.name, m.help, without(m.labels, c.options.dropped(m)), nil)
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
	s := scrape{options: c.options, index: map[string]*sample{}}
	for _, client := range c.registry.Clients() {
		s.client(client.Stats())
	}
	for _, v := range s.samples {
		typ := prometheus.GaugeValue
		if metrics[v.metric].typ == counter {
			typ = prometheus.CounterValue
		}
		m, err := prometheus.NewConstMetric(c.descs[v.metric], typ, v.value(), v.labels...)
		if err != nil {
			m = prometheus.NewInvalidMetric(c.descs[v.metric], err)
		}
		ch <- m
	}
}
