package resilprom

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resilgen/resilgen/internal/metric"
	"github.com/resilgen/resilgen/internal/prometheustest"
)

// shownQueries returns every PromQL expression of the dashboard, of panels, annotations and
// variables, and of the manual, by where it is.
func shownQueries(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for i, one := range v {
				walk(fmt.Sprintf("%s[%d]", at, i), one)
			}
		case map[string]any:
			for name, one := range v {
				text, isText := one.(string)
				inner, isValues := strings.CutPrefix(text, "label_values(")
				switch {
				case name == "expr" && isText:
					all[at] = text
				case name == "query" && isValues:
					all[at] = inner[:strings.LastIndex(inner, ",")]
				default:
					walk(at+"."+name, one)
				}
			}
		}
	}
	var dashboard any
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	walk("dashboard.json", dashboard)
	if want := len(panels) + 1 + len(variables); len(all) < want {
		t.Fatalf("%d queries in dashboard.json, want at least %d", len(all), want)
	}
	for i, text := range find(t, "../../docs/alerts.md", "(?s)```promql\n(.*?)```") {
		all[fmt.Sprintf("docs/alerts.md[%d]", i)] = text
	}
	return all
}

// filled puts values in the place of Grafana's variables.
func filled(query string) string {
	return strings.NewReplacer("$job", ".*", "$client", ".*", "$__rate_interval", "5s", "$__interval", "5s").Replace(query)
}

func TestQueriesAreParsed(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n- name: queries\n  rules:\n")
	for at, query := range shownQueries(t) {
		fmt.Fprintf(&rules, "  - {record: 'query:%s', expr: %q}\n", regexp.MustCompile(`\W`).ReplaceAllString(at, "_"), filled(query))
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := prometheustest.Command(t, "promtool", "check", "rules", "--lint=none", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A misspelled name is no error for Prometheus: the panel stays empty.
func TestQueriesNameMetricsAndLabels(t *testing.T) {
	for at, query := range shownQueries(t) {
		for _, word := range unknownWords(filled(query)) {
			t.Errorf("%s: %s is neither a metric nor a label nor a function, in %s", at, word, query)
		}
	}
	if got := unknownWords(`sum by (clinet) (rate(resil_client_call_total{outcom="open"}[5m])) > 0`); len(got) != 3 {
		t.Errorf("three words are misspelled, and %q are found", got)
	}
}

// unknownWords returns the words of a query, outside of strings and numbers, that nothing
// is called.
func unknownWords(query string) (unknown []string) {
	known := strings.Fields("job le sum max by and rate increase changes histogram_quantile")
	for _, m := range metric.List {
		known = append(known, m.Attributes...)
		known = append(known, m.Prometheus())
		if m.Kind == metric.Histogram {
			known = append(known, m.Prometheus()+"_bucket", m.Prometheus()+"_count", m.Prometheus()+"_sum")
		}
	}
	query = regexp.MustCompile(`"[^"]*"|\[[^]]*\]`).ReplaceAllString(query, " ")
	for _, word := range regexp.MustCompile(`[A-Za-z_]\w*`).FindAllString(query, -1) {
		if !slices.Contains(known, word) {
			unknown = append(unknown, word)
		}
	}
	return unknown
}

// Each query finds something in a Prometheus server that has scraped clients which do what
// the panels show.
func TestQueriesFindSeries(t *testing.T) {
	server := prometheustest.Start(t, demo(t), "")
	for at, query := range shownQueries(t) {
		if len(server.Query("("+filled(query)+") >= 0")) == 0 { // what is no number is not
			t.Errorf("%s finds nothing: %s", at, query)
		}
	}
}
