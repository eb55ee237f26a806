// Package resilprom exports clients of resilgen to Prometheus.
//
// A [Collector] reads counters and states from the statistics of all clients in a registry
// when it is scraped, and histograms of durations from those that record them. No key of a
// breaker, limit or bulkhead becomes a label.
//
// alerts.yaml, beside the sources, holds alerting rules.
package resilprom
