package resilprom

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/resilgen/resilgen/internal/metric"
)

func TestReadmeAndTestsCoverTheAlerts(t *testing.T) {
	alerts := find(t, "alerts.yaml", `alert: (\w+)`)
	if len(alerts) == 0 {
		t.Fatal("no alerts")
	}
	const manual = "../../docs/alerts.md"
	if shown := find(t, "README.md", "(?m)^\\| \\[`(Resil\\w+)`\\]"); !slices.Equal(shown, alerts) {
		t.Errorf("the README shows %q, alerts.yaml has %q", shown, alerts)
	}
	if explained := find(t, manual, `(?m)^## (\w+)$`); !slices.Equal(explained, alerts) {
		t.Errorf("the manual explains %q, alerts.yaml has %q", explained, alerts)
	}
	for _, part := range strings.Split(read(t, manual), "\n## ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		if !strings.Contains(text, "**Look at**") || !strings.Contains(text, "**Do**") {
			t.Errorf("%s: the manual does not say what to look at and what to do", name)
		}
		if !slices.Contains(find(t, "README.md", `\(\.\./\.\./docs/alerts\.md#(\w+)\)`), strings.ToLower(name)) {
			t.Errorf("%s: the README has no link to it", name)
		}
	}
	fire := find(t, "alerts_test.yaml", `alertname: (\w+)\n *exp_alerts:`)
	silent := find(t, "alerts_test.yaml", `alertname: (\w+)}`)
	for _, a := range alerts {
		if !slices.Contains(fire, a) || !slices.Contains(silent, a) {
			t.Errorf("%s: alerts_test.yaml has no case in which it fires and one in which it does not", a)
		}
	}
}

// A misspelled name in a rule is no error for Prometheus: the alert never fires.
func TestAlertsNameMetricsAndLabels(t *testing.T) {
	for _, file := range []string{"alerts.yaml", "alerts_test.yaml", "../../docs/alerts.md"} {
		for _, name := range find(t, file, `(resil_\w+)`) {
			if name != "resil_" && !slices.Contains(names(), name) {
				t.Errorf("%s: %s is no metric", file, name)
			}
		}
	}
	known := []string{"job"}
	for _, m := range metric.List {
		known = append(known, m.Attributes...)
	}
	for _, by := range find(t, "alerts.yaml", `(?:by|on) \(([\w, ]+)\)`) {
		for label := range strings.SplitSeq(by, ", ") {
			if !slices.Contains(known, label) {
				t.Errorf("%s is no label", label)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find returns what the first group of the pattern matches in a file, in the file's order.
func find(t *testing.T, file, pattern string) (list []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(read(t, file), -1) {
		list = append(list, m[1])
	}
	return list
}
