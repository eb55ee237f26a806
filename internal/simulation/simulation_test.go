package simulation

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// play runs a scenario in virtual time.
func play(t *testing.T, s Scenario) (r *Record) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { r = s.Run() })
	return r
}

func policy(t *testing.T, name string) Policy {
	t.Helper()
	for _, p := range Policies() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no policy %q", name)
	return Policy{}
}

// With the defaults no fleet stays down after a blip if it has a breaker, and what
// reaches the backend stays near what callers ask for.
func TestAFleetWithBreakersRecoversFromABlip(t *testing.T) {
	for _, clients := range Fleets {
		for _, name := range []string{"breaker", "retry and breaker"} {
			t.Run(fmt.Sprintf("%d clients, %s", clients, name), func(t *testing.T) {
				r := play(t, Blip(clients, policy(t, name)))
				if took, ok := r.Recovered(BlipEnds); !ok || took > 40*time.Second {
					t.Errorf("recovered: %v, after %v; want 40s at most, the open time and the probes", ok, took)
				}
				if load := r.Load(BlipBegins, BlipEnds+time.Minute); load > 1.1 {
					t.Errorf("%.2f attempts a call reached the backend, want 1.1 at most", load)
				}
			})
		}
	}
}

// A budget keeps the retries of a small fleet from adding much load.
func TestABudgetBoundsTheLoadOfFleets(t *testing.T) {
	for _, clients := range []int{1, 10, 40} {
		t.Run(fmt.Sprintf("%d clients", clients), func(t *testing.T) {
			r := play(t, Blip(clients, policy(t, "retry")))
			if load := r.Load(BlipBegins, BlipEnds+time.Minute); load > 1.3 {
				t.Errorf("%.2f attempts a call reached the backend, want 1.3 at most", load)
			}
		})
	}
}

// The simulation can show a metastable outage: without it, the others prove nothing.
func TestRetriesWithoutABudgetKeepABackendDown(t *testing.T) {
	r := play(t, Blip(40, policy(t, "retry without a budget")))
	if took, ok := r.Recovered(BlipEnds); ok {
		t.Errorf("recovered after %v, want never", took)
	}
	if r := play(t, Blip(40, policy(t, "no policy"))); r.Goodput(BlipEnds+10*time.Second, BlipEnds+time.Minute) < 0.99 {
		t.Error("the backend does not recover by itself, so that nothing shows what the policies do")
	}
}

// A share of failures below the ratio is passed on and does not become a full outage.
func TestFailuresBelowTheRatioAreNoOutage(t *testing.T) {
	for _, rate := range []int{20, 100, 1000} {
		for _, failing := range []float64{0.1, 0.2, 0.3} {
			t.Run(fmt.Sprintf("%.0f%% at %d/s", 100*failing, rate), func(t *testing.T) {
				r := play(t, Partial(failing, rate, policy(t, "breaker")))
				if good := r.Goodput(10*time.Second, 70*time.Second); good < 0.95*(1-failing) {
					t.Errorf("%.3f of the calls succeeded, want nearly %.1f", good, 1-failing)
				}
			})
		}
	}
}

// A backend that fails again as soon as it is used opens the breakers again: callers
// do not get all of the outage at each open time.
func TestFlappingAtTheOpenTime(t *testing.T) {
	r := play(t, Flapping(40, policy(t, "breaker")))
	if load := r.Load(20*time.Second, 3*time.Minute); load > 0.35 {
		t.Errorf("%.2f attempts a call reached a backend that is down most of the time, want 0.35 at most", load)
	}
}

// Sixty of a hundred callers give up before the backend can answer. The others get
// what they ask for.
func TestImpatientCallersHarmNobodyElse(t *testing.T) {
	r := play(t, Impatient(40, policy(t, "retry and breaker")))
	patient, served := Between(r.Patient, 0, time.Minute), Between(r.Served, 0, time.Minute)
	if served*1000 < patient*995 {
		t.Errorf("%d of %d patient calls succeeded", served, patient)
	}
}

// The same seed gives the same record, to the call.
func TestScenariosAreExact(t *testing.T) {
	run := func() string {
		r := play(t, Partial(0.2, 100, Policy{"no policy", func(int) Guard { return Plain }}))
		return fmt.Sprint(r.Calls, r.Good, r.Attempts)
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
}
