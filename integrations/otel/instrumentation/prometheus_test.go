package instrumentation_test

import (
	"errors"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	resilotel "github.com/resilgen/resilgen/integrations/otel"
	"github.com/resilgen/resilgen/internal/metric"
	"github.com/resilgen/resilgen/internal/prometheustest"
	"github.com/resilgen/resilgen/resiltest"
	resil "github.com/resilgen/resilgen/runtime"
)

// By way of OpenTelemetry's exporter, and with what the README says about labels, a Prometheus
// server has the series that the list names, so that dashboard and alerts fit.
func TestThroughPrometheus(t *testing.T) {
	relabel := regexp.MustCompile("(?s)```yaml\nmetric_relabel_configs:\n(.*?)```").FindStringSubmatch(read(t, "../README.md"))
	if relabel == nil {
		t.Fatal("the README does not relabel")
	}
	metrics := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(metrics))
	if err != nil {
		t.Fatal(err)
	}
	to := resilotel.WithMeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader)))
	var registry resil.Registry
	_, registering := resilotel.Register(&registry, to)
	histograms, err := resilotel.NewHistograms(to)
	if err := errors.Join(registering, err); err != nil {
		t.Fatal(err)
	}
	_, m := newClient(t, "Users", []string{"retry 2 initial=1ms jitter=none", "breaker", "limit 100/s", "bulkhead 10"},
		resil.WithRegistry(&registry), resil.WithObserver(histograms.Observe))
	resil.Run(t.Context(), m, fail)
	resil.Run(t.Context(), m, succeed)
	var keyed resil.KeyedMethod[string]
	newSpec(t, "Peers", resil.MethodSpec{Name: "Get", Method: &keyed}, []string{"breaker per=key", "limit 100/s per=key", "bulkhead 5 per=key"}, resil.WithRegistry(&registry))
	resil.Run(t.Context(), keyed.For("a key"), succeed)
	newClient(t, "Chaos", nil, resil.WithRegistry(&registry), resil.WithChaos(resil.Chaos{"*": {Errors: 10 * resil.Percent}}))
	newClient(t, "Shared", []string{"limit 100/s scope=fleet"}, resil.WithRegistry(&registry), resil.WithFleet(resiltest.NewFleet()))
	page := httptest.NewServer(promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	defer page.Close()

	server := prometheustest.Start(t, page.Listener.Addr().String(), relabel[1])
	for _, m := range metric.List {
		name := m.Prometheus()
		if m.Kind == metric.Histogram {
			name += "_bucket"
		}
		found := server.Query(name)
		if len(found) == 0 {
			t.Errorf("%s has no series", name)
		}
		for _, s := range found {
			labels := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Metric)), func(label string) bool {
				return slices.Contains([]string{"__name__", "job", "instance", "le", "error_type"}, label) || strings.HasPrefix(label, "otel_scope_")
			})
			if want := slices.Sorted(slices.Values(m.Attributes)); !slices.Equal(labels, want) {
				t.Errorf("%s has the labels %q, want %q", name, labels, want)
			}
		}
	}
	if got := server.Query(`resil_client_retries_total{client="Users",method="Get"}`); len(got) != 1 || got[0].Value[1] != "1" {
		t.Errorf("retries: %v, want 1", got)
	}
}
