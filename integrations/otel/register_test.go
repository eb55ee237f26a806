package resilotel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	list "github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

// newReader returns an option that has metrics collected by the reader.
func newReader(t testing.TB) (*sdk.ManualReader, Option) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return reader, WithMeterProvider(provider)
}

func collect(t *testing.T, reader sdk.Reader) []metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.ScopeMetrics) == 0 {
		return nil
	}
	if len(all.ScopeMetrics) > 1 || all.ScopeMetrics[0].Scope.Name != "github.com/resilgen/resilgen" {
		t.Fatalf("scopes: %v", all.ScopeMetrics)
	}
	return all.ScopeMetrics[0].Metrics
}

// series writes each series with its number, or of a histogram how many it has.
func series(metrics []metricdata.Metrics) map[string]float64 {
	all := map[string]float64{}
	add := func(name string, set attribute.Set, value float64) {
		all[name+" "+set.Encoded(attribute.DefaultEncoder())] = value
	}
	for _, m := range metrics {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, float64(p.Value))
			}
		case metricdata.Gauge[float64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, p.Value)
			}
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, float64(p.Count))
			}
		case metricdata.Histogram[int64]:
			for _, p := range data.DataPoints {
				add(m.Name, p.Attributes, float64(p.Sum))
			}
		}
	}
	return all
}

// kind is what the list would call a metric of the SDK.
func kind(data metricdata.Aggregation) (list.Kind, bool) {
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		if data.IsMonotonic {
			return list.Counter, data.Temporality == metricdata.CumulativeTemporality
		}
		return list.UpDownCounter, true
	case metricdata.Gauge[float64]:
		return list.Gauge, true
	case metricdata.Histogram[float64], metricdata.Histogram[int64]:
		return list.Histogram, true
	}
	return 0, false
}

// A fleet is one of two processes.
type fleet struct{}

func (fleet) Join(m *resil.Member) error               { return m.Update(resil.FleetState{Processes: 2}) }
func (fleet) Ask(*resil.Ask)                           {}
func (fleet) Report(*resil.Member, resil.Suspicion)    {}
func (fleet) Order(context.Context, resil.Order) error { return nil }

// All metrics of the list are exported, as it says, and no others.
func TestTheListIsExported(t *testing.T) {
	reader, to := newReader(t)
	var registry resil.Registry
	if _, err := Register(&registry, to); err != nil {
		t.Fatal(err)
	}
	histograms, err := NewHistograms(to)
	if err != nil {
		t.Fatal(err)
	}
	_, m := newClient(t, []string{"retry 2 initial=1ms jitter=none", "breaker", "limit 100/s", "bulkhead 10"},
		resil.WithRegistry(&registry), resil.WithObserver(histograms.Observe))
	resil.Run(t.Context(), m, fail)
	resil.Run(t.Context(), m, succeed)
	newKeyed(t, &registry)
	newClient(t, nil, resil.WithRegistry(&registry), resil.WithChaos(resil.Chaos{"*": {Errors: 10 * resil.Percent}}))
	newClient(t, nil, resil.WithRegistry(&registry), resil.WithFleet(fleet{}))

	exported := map[string]metricdata.Metrics{}
	for _, m := range collect(t, reader) {
		exported[m.Name] = m
	}
	for _, m := range list.List {
		got, ok := exported[m.Name]
		if !ok {
			t.Errorf("%s is not exported", m.Name)
			continue
		}
		delete(exported, m.Name)
		if k, ok := kind(got.Data); !ok || k != m.Kind || got.Unit != m.Unit || got.Description != m.Help {
			t.Errorf("%s is exported as %T in %s: %s", m.Name, got.Data, got.Unit, got.Description)
		}
		for of := range series([]metricdata.Metrics{got}) {
			var names []string
			for pair := range strings.SplitSeq(strings.TrimPrefix(of, m.Name+" "), ",") {
				name, _, _ := strings.Cut(pair, "=")
				if name, ok := strings.CutPrefix(name, "resil."); ok {
					names = append(names, name)
				} else if name != "error.type" || !m.ErrorType {
					t.Errorf("%s has the attribute %s", of, name)
				}
			}
			if want := slices.Sorted(slices.Values(m.Attributes)); !slices.Equal(names, want) {
				t.Errorf("%s has the attributes %q, want %q", of, names, want)
			}
		}
	}
	for name := range exported {
		t.Errorf("%s is not in the list", name)
	}
}

func newKeyed(t *testing.T, registry *resil.Registry) {
	t.Helper()
	policies, err := resil.ParsePolicies("breaker per=key", "limit 100/s per=key", "bulkhead 5 per=key")
	if err != nil {
		t.Fatal(err)
	}
	policies.Breaker.Name, policies.Limit.Name, policies.Bulkhead.Name = "Peers", "Peers", "Peers"
	var m resil.KeyedMethod[string]
	if _, err := resil.New(resil.Spec{Name: "Peers", Methods: []resil.MethodSpec{{Name: "Get", Method: &m, Policies: policies}}}, resil.WithRegistry(registry)); err != nil {
		t.Fatal(err)
	}
	resil.Run(t.Context(), m.For("a key"), succeed)
}

// The names in Prometheus are those that its own translator makes.
func TestPrometheusNamesAreTheTranslators(t *testing.T) {
	namer := otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)
	types := map[list.Kind]otlptranslator.MetricType{
		list.Counter:       otlptranslator.MetricTypeMonotonicCounter,
		list.UpDownCounter: otlptranslator.MetricTypeNonMonotonicCounter,
		list.Gauge:         otlptranslator.MetricTypeGauge,
		list.Histogram:     otlptranslator.MetricTypeHistogram,
	}
	for _, m := range list.List {
		got, err := namer.Build(otlptranslator.Metric{Name: m.Name, Unit: m.Unit, Type: types[m.Kind]})
		if err != nil || got != m.Prometheus() {
			t.Errorf("%s is translated to %s (%v), and the list has %s", m.Name, got, err, m.Prometheus())
		}
	}
}

func TestRegisteredNumbersAreThoseOfStats(t *testing.T) {
	reader, to := newReader(t)
	var registry resil.Registry
	registration, err := Register(&registry, to)
	if err != nil {
		t.Fatal(err)
	}
	if got := collect(t, reader); got != nil {
		t.Errorf("%v of no clients", got)
	}
	var clients [2]*resil.Client
	for i := range clients { // of one name
		var m *resil.Method
		clients[i], m = newClient(t, []string{"retry 2 initial=1ms jitter=none", "breaker", "bulkhead 10"}, resil.WithRegistry(&registry))
		resil.Run(t.Context(), m, succeed)
		resil.Run(t.Context(), m, fail)
	}
	clients[0].Breaker("Users").ForceOpen()
	got := series(collect(t, reader))
	for of, want := range map[string]float64{
		"resil.client.calls resil.client=Users,resil.method=Get,resil.outcome=succeeded":                         2,
		"resil.client.calls resil.client=Users,resil.method=Get,resil.outcome=exhausted":                         2,
		"resil.client.calls resil.client=Users,resil.method=Get,resil.outcome=timed out":                         0,
		"resil.client.attempts resil.class=infrastructure,resil.client=Users,resil.method=Get":                   4,
		"resil.client.retries resil.client=Users,resil.method=Get":                                               2,
		"resil.breaker.status resil.breaker=Users,resil.client=Users,resil.mode=enforce,resil.state=forced-open": 1,
		"resil.breaker.status resil.breaker=Users,resil.client=Users,resil.mode=enforce,resil.state=closed":      1,
		"resil.breaker.failure_ratio resil.breaker=Users,resil.client=Users":                                     2. / 3,
		"resil.bulkhead.limit resil.bulkhead=Users,resil.client=Users":                                           20,
	} {
		if n, ok := got[of]; !ok || n != want {
			t.Errorf("%s: got %v, %t, want %v", of, n, ok, want)
		}
	}
	if err := registration.Unregister(); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, reader); got != nil {
		t.Errorf("%v after Unregister", got)
	}
}

func TestWithoutMethod(t *testing.T) {
	reader, to := newReader(t)
	var registry resil.Registry
	if _, err := Register(&registry, to, WithoutMethod()); err != nil {
		t.Fatal(err)
	}
	histograms, err := NewHistograms(to, WithoutMethod())
	if err != nil {
		t.Fatal(err)
	}
	c, err := resil.New(resil.Spec{Name: "Users \xff", Methods: []resil.MethodSpec{{Name: "Get"}, {Name: "Put"}}},
		resil.WithRegistry(&registry), resil.WithObserver(histograms.Observe))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Get", "Put"} {
		resil.Run(t.Context(), c.Method(name), succeed)
	}
	got := series(collect(t, reader))
	for _, name := range []string{"resil.client.calls", "resil.client.call.duration"} {
		if of := fmt.Sprintf("%s resil.client=Users \uFFFD,resil.outcome=succeeded", name); got[of] != 2 {
			t.Errorf("%s: got %v, want 2, in %v", of, got[of], got)
		}
	}
	for of := range got {
		if strings.Contains(of, "resil.method") {
			t.Errorf("%s has the method", of)
		}
	}
}
