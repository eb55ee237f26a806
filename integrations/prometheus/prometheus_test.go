package resilprom

import (
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/resilgen/resilgen/internal/prometheustest"
	resil "github.com/resilgen/resilgen/runtime"
)

// A Prometheus server scrapes the metrics, keeps the rules and answers with what it has read.
func TestPrometheusScrapes(t *testing.T) {
	var registry resil.Registry
	c, m := newClient(t, []string{"retry 2 initial=1ms", "breaker", "limit 100/s", "bulkhead 10"},
		resil.WithRegistry(&registry), resil.WithDurations())
	for range 3 {
		resil.Run(t.Context(), m, succeed)
	}
	resil.Run(t.Context(), m, fail)
	c.Breaker("Users").ForceOpen()
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := prometheustest.Start(t, page(t, NewCollector(&registry)), "", "alerts.yaml")
	for query, want := range map[string]string{
		`resil_client_calls_total{outcome="succeeded"}`:                            "3",
		`sum(resil_client_calls_total)`:                                            "4",
		`resil_client_retries_total`:                                               "1",
		`resil_client_attempt_duration_seconds_count{class="success"}`:             "3",
		`resil_client_call_duration_seconds_bucket{outcome="succeeded",le="+Inf"}`: "3",
		`resil_breaker_status == 1`:                                                "1",
		`count(resil_breaker_status{state="forced-open"})`:                         "1",
		`count(ALERTS{alertname="ResilBreakerForced",alertstate="pending"})`:       "1",
	} {
		if got := server.Query(query); len(got) != 1 || got[0].Value[1] != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
}

// page serves what the collectors export, and returns its address.
func page(t *testing.T, collectors ...prometheus.Collector) string {
	t.Helper()
	metrics := prometheus.NewPedanticRegistry()
	metrics.MustRegister(collectors...)
	page := httptest.NewServer(promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	t.Cleanup(page.Close)
	return page.Listener.Addr().String()
}
