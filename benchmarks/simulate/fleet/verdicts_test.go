package fleet

import (
	"fmt"
	"testing"
	"time"
)

func play(s Scenario) *Record {
	s.Seed = 1
	return s.Run()
}

func name(s Scenario, demand float64) string {
	return fmt.Sprintf("%d processes, %.0f a second, demand %v", s.Processes, s.Rate, demand)
}

// The bound is that of package lease. A store that is wiped grants a bucket more. One that is
// gone leaves each process its part, with a burst of at least one.
func TestTheBoundHolds(t *testing.T) {
	for _, base := range []Scenario{New(1, 1000), New(8, 100), New(8, 10_000), New(50, 1000), New(200, 10_000), New(1000, 1000), New(1000, 10_000), New(3000, 30_000)} {
		base.Lasts = 8 * time.Second
		for _, demand := range []float64{1, 2, 10} {
			if base.Rate*demand > 100_000 {
				continue // long
			}
			own := float64(max(base.Burst, base.Processes))
			for what, tt := range map[string]struct {
				Scenario
				more float64
			}{
				"equal":   {base.Equal(demand), 0},
				"skewed":  {base.Skewed(demand), 0},
				"busy":    {base.OneBusy(demand), 0},
				"bursts":  {base.Bursts(demand), 0},
				"stopped": {base.Equal(demand).OneStopped(), 0},
				"far":     {base.Equal(demand).Distant(40 * time.Millisecond), 0},
				"silent":  {base.Equal(demand).Distant(200 * time.Millisecond), own},
				"gone":    {base.Equal(demand).Gone(), own},
				"wiped":   {base.Equal(demand).Wiped(), float64(base.Depth())},
			} {
				if base.Processes == 1 && (what == "skewed" || what == "busy") {
					continue
				}
				if base.Rate*demand > 20_000 && what != "equal" && what != "gone" {
					continue // long
				}
				r := play(tt.Scenario)
				if bound := r.Bound(0) + tt.more; r.Excess > bound {
					t.Errorf("%s, %s: %.0f more than the rate, the bound is %.0f", name(base, demand), what, r.Excess, bound)
				}
			}
		}
	}
}

// Where a part is at least a token in five leases, no process gets less than four fifths
// of the mean. Each has had a thousand tokens by then, for chance to even out.
func TestEqualDemandGetsEqualParts(t *testing.T) {
	for _, base := range []Scenario{New(8, 100), New(8, 10_000), New(50, 1000), New(200, 200), New(200, 10_000), New(1000, 1000)} {
		for _, demand := range []float64{1.2, 2, 10} {
			if base.Rate*demand*float64(base.Processes) > 5e6 {
				continue // long
			}
			r := play(base.Long(1000).Equal(demand))
			if least, _ := r.Fairness(); least < 0.8 {
				t.Errorf("%s: a process gets %.2f of the mean", name(base, demand), least)
			}
		}
	}
}

// Sharing costs little of the limit, compared with one bucket that all could ask at no cost.
func TestTheLimitIsUsed(t *testing.T) {
	for _, base := range []Scenario{New(1, 1000), New(8, 1000), New(50, 1000), New(200, 10_000), New(1000, 10_000), New(3000, 30_000)} {
		for demand, want := range map[float64]float64{0.5: 0.995, 1: 0.9, 2: 0.975} {
			if r := play(base.Equal(demand)); r.Of() < want {
				t.Errorf("%s: %.3f of what one bucket would admit, want %v", name(base, demand), r.Of(), want)
			}
		}
		if base.Processes == 1 || base.Rate > 10_000 {
			continue
		}
		if r := play(base.OneBusy(2)); r.PerSecond(0, 1) < 0.85*r.Rate {
			t.Errorf("%s: one busy process beside idle ones gets %.0f a second", name(base, 2), r.PerSecond(0, 1))
		}
	}
}

// One Redis is enough for 2,000 processes that use a limit all the time. It has a third of
// its time left, and hardly any ask fails.
func TestOneRedisIsEnoughFor2000Processes(t *testing.T) {
	for _, demand := range []float64{0.5, 1, 2, 4} {
		base := New(2000, 100_000)
		base.Lasts = 6 * time.Second
		r := play(base.Equal(demand))
		if r.Utilisation() > 0.67 || r.Unanswered() > 0.001 {
			t.Errorf("%s: the store works for %.2f of the time, %.3f of the asks are not answered", name(base, demand), r.Utilisation(), r.Unanswered())
		}
	}
}

// It is not enough for 10,000 of them: without this, the verdict above says nothing.
func TestOneRedisIsNotEnoughFor10000Processes(t *testing.T) {
	base := New(10_000, 100_000)
	base.Lasts = 6 * time.Second
	if r := play(base.Equal(1)); r.Utilisation() < 0.9 || r.Unanswered() < 0.2 {
		t.Errorf("the store works for %.2f of the time, %.2f of the asks are not answered", r.Utilisation(), r.Unanswered())
	}
}

// Several limits on one store leave each other room: together they ask for three times what
// it could serve otherwise.
func TestSeveralLimitsOnOneRedis(t *testing.T) {
	base := New(1000, 50_000)
	base.Lasts = 8 * time.Second
	r := play(base.Equal(2).Crowded(4))
	if r.Used() > 1.03 || r.Unanswered() > 0.02 {
		t.Errorf("%.3f of the limit is admitted, %.3f of the asks are not answered", r.Used(), r.Unanswered())
	}
}

// While the store is gone, processes of equal demand lose nothing but what small buckets
// lose, and the store is found again within the longest time that a breaker stays open.
func TestTheStoreIsGoneAndComesBack(t *testing.T) {
	for _, base := range []Scenario{New(8, 1000), New(8, 10_000), New(200, 10_000)} {
		for _, demand := range []float64{0.5, 2} {
			r := play(base.Equal(demand).Gone())
			to := r.Store.GoneTo
			used := float64(sum(r.Admitted, begins, to)) / float64(sum(r.Could, begins, to))
			if used < 0.9 || used > 1.1 {
				t.Errorf("%s: %.2f of what one bucket would admit while the store is gone", name(base, demand), used)
			}
			if took := r.Found(to); took > mostOpen+500*time.Millisecond {
				t.Errorf("%s: the store is found after %v", name(base, demand), took)
			}
		}
	}
}

// Processes that begin later have their share within a second.
func TestNewcomersGetTheirShare(t *testing.T) {
	for _, base := range []Scenario{New(8, 1000), New(50, 1000), New(200, 10_000), New(1000, 10_000)} {
		if took := play(base.Newcomers(2)).EvenedOut(); took > time.Second {
			t.Errorf("%s: after %v", name(base, 2), took)
		}
	}
}
