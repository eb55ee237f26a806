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
// tenths.
func (s Scenario) Skewed(demand float64) Scenario {
	busy := max(s.Processes/10, 1)
	s.Calls = []Stream{
		{Processes: busy, PerSecond: 0.9 * demand * s.Rate},
		{First: busy, Processes: s.Processes - busy, PerSecond: 0.1 * demand * s.Rate},
	}
	return s
}

// OneBusy is demand of so many times the limit in one process, while each of the others is
// called every ten seconds.
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
