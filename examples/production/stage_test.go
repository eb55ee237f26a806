package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/resilgen/resilgen/internal/prometheustest"
)

const token = "only the tests know this"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A stage is the program under load, seen by a browser, by Prometheus and by traces.
type stage struct {
	t          *testing.T
	program    *program
	page       *tab
	prometheus *prometheustest.Server
	spans      *tracetest.InMemoryExporter
}

// newStage starts the program, which ends with the test, and waits until all is well.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, spans: tracetest.NewInMemoryExporter()}
	var err error
	s.program, err = start(config{shop: "127.0.0.1:0", ops: "127.0.0.1:0", token: token, spans: s.spans})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.program.close)
	s.page = open(t, s.program.ops+"/debug/resil")
	s.prometheus = prometheustest.Start(t, strings.TrimPrefix(s.program.ops, "http://"), "", quickAlerts(t))
	s.page.says("All 3 clients are well")
	s.finds(`sum by (client) (resil_client_calls_total{outcome="succeeded"}) > 300`, "Catalog", "Payments", "Stock")
	return s
}

// quickAlerts are the rules of integrations/prometheus, which wait for 2 s where those wait for
// minutes.
func quickAlerts(t *testing.T) (file string) {
	t.Helper()
	rules, err := os.ReadFile("../../integrations/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules = regexp.MustCompile(`(?m)^(\s+for:) .*$`).ReplaceAll(rules, []byte("$1 2s"))
	file = filepath.Join(t.TempDir(), "alerts.yaml")
	if err := os.WriteFile(file, rules, 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := prometheustest.Command(t, "promtool", "check", "rules", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// finds waits until Prometheus finds something for these clients, and for no other.
func (s *stage) finds(query string, clients ...string) {
	s.t.Helper()
	var got string
	eventually(s.t, query+" finds "+strings.Join(clients, " "), func() bool {
		var names []string
		for _, sample := range s.prometheus.Query(query) {
			names = append(names, sample.Metric["client"])
		}
		slices.Sort(names)
		got = strings.Join(names, " ")
		return got == strings.Join(clients, " ")
	}, func() string { return "finds " + got })
}

// holds waits until a query finds something.
func (s *stage) holds(query string) {
	s.t.Helper()
	if len(s.prometheus.Query(query)) == 0 {
		s.t.Fatalf("Prometheus finds nothing: %s", query)
	}
}

// counts is the number that a query finds now, 0 for nothing.
func (s *stage) counts(query string) string {
	s.t.Helper()
	samples := s.prometheus.Query("(" + query + ") or vector(0)")
	if len(samples) != 1 {
		s.t.Fatalf("%s: %v", query, samples)
	}
	return samples[0].Value[1].(string)
}

// switches kills or restores a backend, as a user of the example does.
func (s *stage) switches(backend, do string) {
	s.t.Helper()
	resp, err := http.Post(s.program.ops+"/backends/"+backend+"/"+do, "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatal(resp.Status)
	}
}
