package simulation

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// blip is the outage that all fleets go through: the backend, at 80 % load, does not
// work for one second.
func blip(clients int, p Policy) Scenario {
	b := &Backend{Workers: 20, Takes: 50 * time.Millisecond, Queue: 100_000, Faulty: func(at time.Duration) (faulty, hangs bool) {
		return at >= blipAt && at < blipAt+time.Second, true
	}}
	return Scenario{
		Backend: b, Clients: clients, Rate: 0.8 * b.PerSecond(), Lasts: 80 * time.Second, Patience: 2 * time.Second,
		Guard: p.Guard, Seed: 1,
	}
}

const blipAt = 10 * time.Second

// play runs a scenario in virtual time.
func play(t *testing.T, s Scenario) (r *Record) {
	synctest.Test(t, func(*testing.T) { r = s.Run() })
	return r
}

func TestBlip(t *testing.T) {
	for _, clients := range []int{1, 10, 40, 160} {
		for _, p := range Policies() {
			t.Run(fmt.Sprintf("%d clients, %s", clients, p.Name), func(t *testing.T) {
				began := time.Now()
				r := play(t, blip(clients, p))
				took, ok := r.Recovered(blipAt + time.Second)
				t.Logf("recovered %v after %v; load %.2f, peak %.2f, goodput %.3f (%v)", ok, took, r.Load(blipAt, blipAt+60*time.Second), r.Peak(blipAt, blipAt+60*time.Second), r.Goodput(blipAt, blipAt+60*time.Second), time.Since(began))
			})
		}
	}
}
