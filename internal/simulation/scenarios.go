package simulation

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Fleets are the sizes that [Blip] is played with.
var Fleets = []int{1, 10, 40, 160}

// The time of the fault in [Blip].
const (
	BlipBegins = 10 * time.Second
	BlipEnds   = 11 * time.Second
)

// patience is the deadline of callers, unless a scenario says otherwise.
const patience = 2 * time.Second

// Blip is a backend at 80 % load that does not work for one second. Its queue has no
// bound that matters.
func Blip(clients int, p Policy) Scenario {
	b := &Backend{Workers: 20, Takes: 50 * time.Millisecond, Queue: 100_000}
	b.Faulty = func(at time.Duration) (faulty, hangs bool) { return at >= BlipBegins && at < BlipEnds, true }
	return Scenario{Backend: b, Clients: clients, Rate: 0.8 * b.PerSecond(), Lasts: 80 * time.Second, Patience: patience, Guard: p.Guard, Seed: 1}
}

// Partial is one client of a backend that has time to spare and after ten seconds
// begins to fail a share of the calls, as when one of its replicas is down.
func Partial(failing float64, rate int, p Policy) Scenario {
	b := &Backend{Workers: 1000, Takes: 10 * time.Millisecond, Queue: 1000}
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(7, 7))
	b.Faulty = func(at time.Duration) (faulty, hangs bool) {
		mu.Lock()
		defer mu.Unlock()
		return random.Float64() < failing && at >= 10*time.Second, false
	}
	return Scenario{Backend: b, Clients: 1, Rate: float64(rate), Lasts: 72 * time.Second, Patience: patience, Guard: p.Guard, Seed: 2}
}

// Flapping is a backend that is up for one second in each thirty, as one that is
// restarted and falls over under the first load.
func Flapping(clients int, p Policy) Scenario {
	b := &Backend{Workers: 40, Takes: 50 * time.Millisecond, Queue: 100}
	b.Faulty = func(at time.Duration) (faulty, hangs bool) {
		return at >= 10*time.Second && at%(30*time.Second) >= time.Second, false
	}
	return Scenario{Backend: b, Clients: clients, Rate: 0.4 * b.PerSecond(), Lasts: 3 * time.Minute, Patience: patience, Guard: p.Guard, Seed: 3}
}

// SlowStart is a backend that fails for ten seconds and then warms up: its capacity
// grows from a tenth to all of it within twenty seconds.
func SlowStart(clients int, p Policy) Scenario {
	b := &Backend{Workers: 20, Takes: 50 * time.Millisecond, Queue: 100_000}
	const ends = 20 * time.Second
	b.Faulty = func(at time.Duration) (faulty, hangs bool) { return at >= 10*time.Second && at < ends, false }
	b.Capacity = func(at time.Duration) float64 {
		if at < ends {
			return 1
		}
		return 0.1 + 0.9*min(float64(at-ends)/float64(20*time.Second), 1)
	}
	return Scenario{Backend: b, Clients: clients, Rate: 0.8 * b.PerSecond(), Lasts: 2 * time.Minute, Patience: patience, Guard: p.Guard, Seed: 4}
}

// Impatient is a healthy backend, of whose callers six in ten give up before it can
// answer.
func Impatient(clients int, p Policy) Scenario {
	b := &Backend{Workers: 40, Takes: 50 * time.Millisecond, Queue: 1000}
	return Scenario{Backend: b, Clients: clients, Rate: 0.4 * b.PerSecond(), Lasts: 62 * time.Second, Patience: patience,
		Hasty: 0.6, HastyPatience: 10 * time.Millisecond, Guard: p.Guard, Seed: 5}
}
