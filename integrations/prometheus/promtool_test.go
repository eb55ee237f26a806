package resilprom

import (
	"os"
	"testing"

	"github.com/resilgen/resilgen/internal/prometheustest"
)

func TestAlerts(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", "alerts.yaml"},
		{"test", "rules", "alerts_test.yaml"},
	} {
		if out, err := prometheustest.Command(t, "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
}

// Prometheus's own parser reads what a scrape shows.
func TestPromtoolReadsTheExposition(t *testing.T) {
	for _, golden := range []string{"closed.txt", "open.txt", "keyed.txt", "without_method.txt", "same_name.txt"} {
		f, err := os.Open("testdata/" + golden)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		check := prometheustest.Command(t, "promtool", "check", "metrics")
		check.Stdin = f
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", golden, err, out)
		}
	}
}
