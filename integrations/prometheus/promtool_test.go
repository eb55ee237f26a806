package resilprom

import (
	"os"
	"os/exec"
	"testing"
)

// promtool returns the command of that name, or skips the test where it is not installed.
func promtool(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("promtool is not installed: the alerts are not tested")
	}
	return exec.CommandContext(t.Context(), path, args...)
}

func TestAlerts(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", "alerts.yaml"},
		{"test", "rules", "alerts_test.yaml"},
	} {
		if out, err := promtool(t, args...).CombinedOutput(); err != nil {
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
		check := promtool(t, "check", "metrics")
		check.Stdin = f
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", golden, err, out)
		}
	}
}
