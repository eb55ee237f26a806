package metric

import (
	"regexp"
	"slices"
	"testing"
)

func TestEveryMetricIsWhole(t *testing.T) {
	name := regexp.MustCompile(`^resil(\.[a-z]+(_[a-z]+)*)+$`)
	names := map[string]ID{}
	for id := range end {
		m := &List[id]
		if !name.MatchString(m.Name) || m.Unit == "" || m.Help == "" || len(m.Attributes) == 0 || m.Attributes[0] != "client" {
			t.Errorf("%d is not whole: %+v", id, m)
		}
		for _, n := range []string{m.Name, m.Prometheus()} {
			if first, ok := names[n]; ok && first != id {
				t.Errorf("%s and %s are both %s", List[first].Name, m.Name, n)
			}
			names[n] = id
		}
		if (m.Kind == Histogram) != (m.Bounds != nil) || !slices.IsSorted(m.Bounds) {
			t.Errorf("%s has the bounds %v", m.Name, m.Bounds)
		}
		if (m.Kind == Histogram) != (id >= Statistics) {
			t.Errorf("%s is on the wrong side of Statistics", m.Name)
		}
	}
}

func TestPrometheusNames(t *testing.T) {
	for id, want := range map[ID]string{
		Calls:               "resil_client_calls_total",
		BreakerStatus:       "resil_breaker_status",
		BreakerFailureRatio: "resil_breaker_failure_ratio",
		BudgetUtilization:   "resil_retry_budget_utilization_ratio",
		CallDuration:        "resil_client_call_duration_seconds",
		CallRetries:         "resil_client_call_retries",
	} {
		if got := List[id].Prometheus(); got != want {
			t.Errorf("%s: got %s, want %s", List[id].Name, got, want)
		}
	}
}

func TestViewWithoutMethod(t *testing.T) {
	v := View{WithoutMethod: true}
	if got := v.Values(Calls, "Users", "Get", "a \xff"); !slices.Equal(got, []string{"Users", "a \uFFFD"}) {
		t.Errorf("got %q", got)
	}
	if got := v.Attributes(BreakerKeys); !slices.Equal(got, []string{"client", "breaker"}) {
		t.Errorf("got %q", got)
	}
	if got := List[Calls].Attributes; !slices.Equal(got, []string{"client", "method", "outcome"}) {
		t.Errorf("the list has changed to %q", got)
	}
}
