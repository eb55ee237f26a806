package simulation

import "time"

// Fleets are the sizes that [Blip] is played with.
var Fleets = []int{1, 10, 40, 160}

// patience is the deadline of callers, unless a scenario says otherwise.
const patience = 2 * time.Second

// aftermath is how long a scenario goes on after its fault.
const aftermath = 70 * time.Second

// Blip is a backend at 80 % load that hangs for one second.
func Blip(clients int, p Policy) Scenario { return Hang(time.Second, clients, p) }

// Hang is a backend at 80 % load that hangs for a while. Its queue has no bound that
// matters.
func Hang(length time.Duration, clients int, p Policy) Scenario {
	const begins = 10 * time.Second
	ends := begins + length
	b := Backend{Workers: 20, Takes: 50 * time.Millisecond, Queue: 100_000}
	b.Hangs = func(at time.Duration) bool { return at >= begins && at < ends }
	return Scenario{Backend: b, Policy: p, Clients: clients, Rate: 0.8 * b.PerSecond(), Lasts: ends + aftermath, Patience: patience,
		Begins: begins, Ends: ends}
}

// Partial is one client of a backend that has time to spare and from then on fails a
// share of the calls for a minute, as when one of its replicas is down. A backend that
// fails from the start has clients that know no better.
func Partial(failing, rate float64, begins time.Duration, p Policy) Scenario {
	b := Backend{Workers: 1000, Takes: 10 * time.Millisecond, Queue: 1000}
	b.Fails = func(at time.Duration) float64 {
		if at < begins {
			return 0
		}
		return failing
	}
	ends := begins + time.Minute
	return Scenario{Backend: b, Policy: p, Clients: 1, Rate: rate, Lasts: ends, Patience: patience, Begins: begins, Ends: ends}
}

// Flapping is a backend that for five minutes is up for one second in thirty, as one
// that is restarted and falls over at its first work, and then is healthy again.
func Flapping(clients int, p Policy) Scenario {
	const begins, ends = 10 * time.Second, 310 * time.Second
	b := Backend{Workers: 20, Takes: 50 * time.Millisecond, Queue: 100}
	b.Fails = func(at time.Duration) float64 {
		if at < begins || at >= ends || (at-begins)%(30*time.Second) >= 29*time.Second {
			return 0
		}
		return 1
	}
	return Scenario{Backend: b, Policy: p, Clients: clients, Rate: 0.4 * b.PerSecond(), Lasts: ends + 6*time.Minute, Patience: patience,
		Begins: begins, Ends: ends}
}

// SlowStart is a backend at 80 % load that fails for 27 seconds and then warms up: its
// capacity grows from a tenth to all of it within 20 seconds. Breakers that opened when
// it failed, for 30 seconds, probe it when it has just begun.
func SlowStart(clients int, p Policy) Scenario {
	const begins, ends, warm = 10 * time.Second, 37 * time.Second, 20 * time.Second
	b := Backend{Workers: 20, Takes: 50 * time.Millisecond, Queue: 100_000}
	b.Fails = func(at time.Duration) float64 {
		if at >= begins && at < ends {
			return 1
		}
		return 0
	}
	b.Capacity = func(at time.Duration) float64 {
		if at < ends {
			return 1
		}
		return min(0.1+0.9*float64(at-ends)/float64(warm), 1)
	}
	return Scenario{Backend: b, Policy: p, Clients: clients, Rate: 0.8 * b.PerSecond(), Lasts: ends + warm + aftermath, Patience: patience,
		Begins: begins, Ends: ends}
}

// Impatient is a healthy backend, of whose callers six in ten give up before it can
// answer.
func Impatient(clients int, p Policy) Scenario {
	b := Backend{Workers: 40, Takes: 50 * time.Millisecond, Queue: 1000}
	return Scenario{Backend: b, Policy: p, Clients: clients, Rate: 0.4 * b.PerSecond(), Lasts: time.Minute, Patience: patience,
		Hasty: 0.6, HastyPatience: 10 * time.Millisecond}
}
