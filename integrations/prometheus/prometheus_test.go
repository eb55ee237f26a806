package resilprom

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Prometheus server scrapes the metrics, keeps the rules and answers with what it has read.
func TestPrometheusScrapes(t *testing.T) {
	var registry resil.Registry
	histograms := NewHistograms()
	c, m := newClient(t, []string{"retry 2 initial=1ms", "breaker", "limit 100/s", "bulkhead 10"},
		resil.WithRegistry(&registry), resil.WithObserver(histograms.Observe))
	for range 3 {
		resil.Run(t.Context(), m, succeed)
	}
	resil.Run(t.Context(), m, fail)
	c.Breaker("Users").ForceOpen()
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := startPrometheus(t, page(t, NewCollector(&registry), histograms), "alerts.yaml")
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
		if got := poll(t, server, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
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

// startPrometheus starts a server that scrapes a page, with a file of rules or "", and
// returns its URL. The test is skipped where Prometheus is not installed.
func startPrometheus(t *testing.T, page, rules string) string {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("prometheus is not installed")
	}
	files := "[]"
	if rules != "" {
		if rules, err = filepath.Abs(rules); err != nil {
			t.Fatal(err)
		}
		files = fmt.Sprintf("[%q]", rules)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}\nrule_files: %s\n"+
		"scrape_configs: [{job_name: shop, static_configs: [{targets: [%q]}]}]\n", files, page)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	server := exec.Command(path, "--config.file", filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	server.Stderr = log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
		log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s", text)
		}
	})
	return "http://" + address
}

// poll returns the value of a query, as soon as it has one, or "" after a minute.
func poll(t *testing.T, server, query string) string {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		response, err := client.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil {
			continue // it is starting
		}
		var answer struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}
		err = json.NewDecoder(response.Body).Decode(&answer)
		response.Body.Close()
		if err == nil && len(answer.Data.Result) == 1 {
			return fmt.Sprint(answer.Data.Result[0].Value[1])
		}
	}
	return ""
}

// freeAddress returns one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
