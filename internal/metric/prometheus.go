package metric

import "strings"

// Prometheus returns the metric's name in Prometheus, by OpenTelemetry's rules of
// translation: the unit and what the numbers are stand at the end.
func (m *Metric) Prometheus() string {
	name := strings.ReplaceAll(m.Name, ".", "_")
	end := ""
	switch {
	case m.Kind == Counter:
		end = "_total"
	case m.Kind == Gauge && m.Unit == "1":
		end = "_ratio"
	case m.Unit == "s":
		end = "_seconds"
	}
	return strings.TrimSuffix(name, end) + end
}
