package simulation

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// play runs a scenario in virtual time. Of the long ones some are enough for the race
// detector, which looks for races and not for outages.
func play(t *testing.T, s Scenario) (r *Record) {
	t.Helper()
	if race && s.Rate*s.Lasts.Seconds() > 20_000 {
		t.Skip("too long under the race detector")
	}
	s.Seed = 1
	synctest.Test(t, func(*testing.T) { r = s.Run() })
	return r
}

// countOpenings counts how often the breakers of a fleet open.
func countOpenings(n *atomic.Int32) resil.Option {
	return resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventStateChanged && e.To == resil.StateOpen {
			n.Add(1)
		}
	})
}

func TestAFleetWithBreakersRecoversFromABlipWithin40Seconds(t *testing.T) {
	for _, clients := range Fleets {
		for _, directives := range [][]string{{"breaker"}, {"retry", "breaker"}} {
			p := Resilgen(directives)
			t.Run(fmt.Sprintf("%d clients, %s", clients, p.Name), func(t *testing.T) {
				s := Blip(clients, p)
				s.Lasts = s.Ends + 50*time.Second
				r := play(t, s)
				if took := r.Recovery(s.Ends); took > 40*time.Second {
					t.Errorf("took %v, want 40s at most: the open time, a tenth more, and the probes", took)
				}
				if load := r.Load(s.Begins, s.Lasts); load > 1.1 {
					t.Errorf("%.2f attempts a call reached the backend, want 1.1 at most", load)
				}
			})
		}
	}
}

func TestTheBudgetKeepsTheLoadOfUpTo40ClientsWithin130Percent(t *testing.T) {
	for _, clients := range []int{1, 10, 40} {
		t.Run(fmt.Sprintf("%d clients", clients), func(t *testing.T) {
			s := Blip(clients, Resilgen([]string{"retry"}))
			if load := play(t, s).Load(s.Begins, s.Ends+time.Minute); load > 1.3 {
				t.Errorf("%.2f attempts a call reached the backend, want 1.3 at most", load)
			}
		})
	}
}

// The simulation can show an outage that keeps itself up, and the backend alone has
// none. Without that the other tests prove nothing.
func TestRetriesWithoutABudgetKeepABackendDown(t *testing.T) {
	s := Blip(40, Resilgen([]string{"retry budget=off"}))
	if took := play(t, s).Recovery(s.Ends); took != Never {
		t.Errorf("recovered after %v, want never", took)
	}
	s.Policy = NoPolicy
	if took := play(t, s).Recovery(s.Ends); took > 5*time.Second {
		t.Errorf("recovered after %v without retries, want 5s at most", took)
	}
}

func TestAShareOfFailuresBelowTheRatioOpensNoBreaker(t *testing.T) {
	for _, rate := range []float64{20, 100, 1000} {
		for _, failing := range []float64{0.1, 0.2, 0.3} {
			t.Run(fmt.Sprintf("%.0f%% at %.0f/s", 100*failing, rate), func(t *testing.T) {
				var opened atomic.Int32
				s := Partial(failing, rate, 10*time.Second, Resilgen([]string{"breaker"}, countOpenings(&opened)))
				s.Lasts = min(s.Lasts, time.Duration(30_000/rate)*time.Second)
				if good := play(t, s).Goodput(s.Begins, s.Lasts); opened.Load() > 0 {
					t.Errorf("opened %d times; %.2f of the calls succeeded, want %.2f", opened.Load(), good, 1-failing)
				}
			})
		}
	}
}

func TestBreakersShieldABackendThatFlapsAtTheOpenTime(t *testing.T) {
	s := Flapping(40, Resilgen([]string{"breaker"}))
	s.Lasts = s.Ends + 50*time.Second
	r := play(t, s)
	if load := r.Load(s.Begins, s.Ends); load > 0.05 {
		t.Errorf("%.3f attempts a call reached a backend that is down, want 0.05 at most", load)
	}
	if took := r.Recovery(s.Ends); took > 40*time.Second {
		t.Errorf("took %v once the backend was up for good, want 40s at most", took)
	}
}

func TestAnOpenTimeThatGrowsSparesAFlappingBackendAQuarterOfTheCalls(t *testing.T) {
	probes := func(directive string) int {
		s := Flapping(40, Resilgen([]string{directive}))
		s.Lasts = s.Ends
		return Between(play(t, s).Attempts, s.Begins+10*time.Second, s.Ends) // from when all breakers are open
	}
	fixed, growing := probes("breaker open=30s"), probes("breaker open=30s..10m")
	if 4*growing > 3*fixed {
		t.Errorf("%d attempts with open=30s..10m and %d with open=30s, want three quarters of that at most", growing, fixed)
	}
}

func TestARampLetsABackendWarmUpWithoutOpeningAgain(t *testing.T) {
	const clients = 40
	run := func(directive string) (openings int32, recovery time.Duration) {
		var opened atomic.Int32
		s := SlowStart(clients, Resilgen([]string{directive}, countOpenings(&opened)))
		s.Lasts = s.Ends + 40*time.Second
		recovery = play(t, s).Recovery(s.Ends)
		return opened.Load(), recovery
	}
	if opened, _ := run("breaker open=30s"); opened < clients*3/2 {
		t.Errorf("%d breakers opened %d times without a ramp, which shows nothing", clients, opened)
	}
	opened, took := run("breaker open=30s ramp=20s")
	if opened > clients*11/10 {
		t.Errorf("%d breakers opened %d times, want once each, and a tenth of them again at most", clients, opened)
	}
	if took > 30*time.Second {
		t.Errorf("took %v, want 30s at most for a backend that warms up in 20s", took)
	}
}

func TestImpatientCallersHarmNobodyElse(t *testing.T) {
	for _, directives := range [][]string{{"breaker"}, {"retry", "breaker"}} {
		s := Impatient(40, Resilgen(directives))
		s.Lasts /= 2
		if good := play(t, s).PatientGoodput(0, s.Lasts); good < 0.999 {
			t.Errorf("%v: %.4f of the patient calls succeeded, want nearly all", directives, good)
		}
	}
}

// Jitter is the engine's own chance, so that only runs without it can be compared.
func TestTheSameSeedGivesTheSameRecord(t *testing.T) {
	for _, s := range []Scenario{
		Blip(10, Resilgen([]string{"retry jitter=none"})),
		Partial(0.2, 100, 10*time.Second, Resilgen([]string{"breaker"})),
	} {
		run := func() string {
			r := play(t, s)
			return fmt.Sprint(r.Calls, r.Succeeded, r.Attempts)
		}
		if a, b := run(), run(); a != b {
			t.Errorf("%s: two runs differ:\n%s\n%s", s.Policy.Name, a, b)
		}
	}
}
