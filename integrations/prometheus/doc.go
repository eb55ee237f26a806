// Package resilprom exports clients of resilgen to Prometheus.
//
// A [Collector] reads counters and states from the statistics of all clients in a registry
// when it is scraped. [Histograms] are an observer that measures durations. No key of a
// breaker, limit or bulkhead becomes a label.
//
// alerts.yaml, beside the sources, holds alerting rules.
package resilprom
