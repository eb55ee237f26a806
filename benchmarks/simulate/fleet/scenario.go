package fleet

import (
	"time"

	"github.com/resilgen/resilgen/internal/lease"
)

// A Scenario is a limit, the processes that share it, and what befalls them.
type Scenario struct {
	Processes int
	Rate      float64 // of the limit, in tokens a second
	Burst     int
	Calls     []Stream
	Lasts     time.Duration
	From      time.Duration // figures begin here
	Store     Store
	Stopped   []Stop
	Seed      uint64
}

// A Stream is calls that come at random times to random ones of some processes.
type Stream struct {
	First, Processes int           // those called; Processes 0 for all
	PerSecond        float64       // all processes together
	Begins           time.Duration // no calls before
	Every, On        time.Duration // calls come only in the first On of each Every; 0 for always
}

// A Stop is a process that does nothing for a time, as one that was sent SIGSTOP: answers
// and calls wait, and it finds them all when it goes on.
type Stop struct {
	Process  int
	From, To time.Duration
}

// Equal is demand of so many times the limit that all processes have alike.
func (s Scenario) Equal(demand float64) Scenario {
	s.Calls = []Stream{{PerSecond: demand * s.Rate}}
	return s
}

// Skewed is demand of so many times the limit, of which a tenth of the processes has nine
// tenths. There must be two processes or more.
func (s Scenario) Skewed(demand float64) Scenario {
	busy := max(s.Processes/10, 1)
	s.Calls = []Stream{
		{Processes: busy, PerSecond: 0.9 * demand * s.Rate},
		{First: busy, Processes: s.Processes - busy, PerSecond: 0.1 * demand * s.Rate},
	}
	return s
}

// OneBusy is demand of so many times the limit in one process, while each of the others is
// called every ten seconds. There must be two processes or more.
func (s Scenario) OneBusy(demand float64) Scenario {
	s.Calls = []Stream{
		{Processes: 1, PerSecond: demand * s.Rate},
		{First: 1, Processes: s.Processes - 1, PerSecond: float64(s.Processes-1) / 10},
	}
	return s
}

// New is a limit with a burst of a tenth of a second's rate, as in production.
func New(processes int, rate float64) Scenario {
	return Scenario{Processes: processes, Rate: rate, Burst: max(int(rate/10), 1), Lasts: 12 * time.Second, From: 2 * time.Second, Store: Redis}
}

// Depth is how much the store's bucket holds.
func (s Scenario) Depth() int { return lease.Depth(s.Rate, s.Burst) }

// Bound is how much is admitted at most in any time of that length while the store answers,
// as package lease states it.
func (s Scenario) Bound(window time.Duration) float64 {
	leased := s.Rate * lease.TTL.Seconds()
	return s.Rate*window.Seconds() + float64(s.Depth()) + leased + max(leased, float64(s.Processes))
}

// Bursts is demand of so many times the limit, all of which comes in a quarter of each
// second.
func (s Scenario) Bursts(demand float64) Scenario {
	s.Calls = []Stream{{PerSecond: 4 * demand * s.Rate, Every: time.Second, On: time.Second / 4}}
	return s
}

// Newcomers is demand of so many times the limit, where half of the processes are called
// from [Scenario.From] on only.
func (s Scenario) Newcomers(demand float64) Scenario {
	half := s.Processes / 2
	s.From = 5 * time.Second
	s.Calls = []Stream{
		{Processes: half, PerSecond: demand * s.Rate / 2},
		{First: half, Processes: s.Processes - half, PerSecond: demand * s.Rate / 2, Begins: s.From},
	}
	return s
}

// Long is a scenario that lasts until each process has got so many tokens, if they get the
// same.
func (s Scenario) Long(tokens float64) Scenario {
	s.Lasts = s.From + max(10*time.Second, time.Duration(tokens*float64(s.Processes)/s.Rate*float64(time.Second)))
	return s
}

// The faults begin at the same time.
const begins = 5 * time.Second

// Gone is a scenario with a store that is gone for two seconds.
func (s Scenario) Gone() Scenario {
	s.Store.GoneFrom, s.Store.GoneTo = begins, begins+2*time.Second
	return s
}

// Wiped is a scenario with a store that forgets everything.
func (s Scenario) Wiped() Scenario {
	s.Store.Wiped = begins
	return s
}

// Distant is a scenario with a store to which a round trip takes so long.
func (s Scenario) Distant(trip time.Duration) Scenario {
	s.Store.Trip, s.Store.Slow = trip/2, 1.1
	return s
}

// Crowded is a scenario with a store that serves so many limits like this one.
func (s Scenario) Crowded(limits int) Scenario {
	s.Store.Service *= time.Duration(limits)
	return s
}

// OneStopped is a scenario in which a process is stopped for a second.
func (s Scenario) OneStopped() Scenario {
	s.Stopped = []Stop{{From: begins, To: begins + time.Second}}
	return s
}
