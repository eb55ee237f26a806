package docs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/resilgen/resilgen/internal/metric"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestMetricsPageShowsTheList(t *testing.T) {
	const path = "metrics.md"
	page := read(t, path)
	shown := regexp.MustCompile(`(?m)^<!-- generated:metrics -->\n\n((?:\|.*\n)+)`).FindStringSubmatchIndex(page)
	if shown == nil {
		t.Fatal("the page has no table of metrics")
	}
	switch want := metricTable(); {
	case page[shown[2]:shown[3]] == want:
	case *update:
		write(t, path, page[:shown[2]]+want+page[shown[3]:])
	default:
		t.Errorf("%s does not show the list of metrics, which go test ./docs -update writes", path)
	}
}

// metricTable writes the list of metrics in Markdown.
func metricTable() string {
	kinds := [...]string{metric.Counter: "counter", metric.UpDownCounter: "up-down counter", metric.Gauge: "gauge", metric.Histogram: "histogram"}
	var b strings.Builder
	b.WriteString("| OpenTelemetry | Prometheus | kind | unit | attributes | |\n|---|---|---|---|---|---|\n")
	for _, m := range metric.List {
		attributes := "`" + strings.Join(m.Attributes, "` `") + "`"
		if m.ErrorType {
			attributes += " (`error.type`)"
		}
		help := m.Help
		if m.Bounds != nil {
			help += " Buckets: " + strings.Trim(fmt.Sprint(m.Bounds), "[]") + "."
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | `%s` | %s | %s |\n", m.Name, m.Prometheus(), kinds[m.Kind], m.Unit, attributes, help)
	}
	return b.String()
}

// The page says how many series a method has, and how many 200 methods have.
func TestMetricsPageCountsSeries(t *testing.T) {
	count := func(methods ...resil.MethodSpec) int {
		var registry resil.Registry
		if _, err := resil.New(resil.Spec{Name: "Users", Methods: methods}, resil.WithRegistry(&registry)); err != nil {
			t.Fatal(err)
		}
		return len(metric.View{}.Read(&registry))
	}
	of := count(resil.MethodSpec{Name: "Get"}) - count()
	for _, want := range []string{fmt.Sprintf("%d for each method", of), fmt.Sprintf("10 methods make %d without", 200*of)} {
		if !strings.Contains(read(t, "metrics.md"), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
