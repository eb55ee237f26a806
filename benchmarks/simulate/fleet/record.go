package fleet

import (
	"math"
	"slices"
	"time"
)

// Step is the length of the buckets of a [Record].
const Step = 50 * time.Millisecond

// A Record is what happened. Series are counts in buckets of [Step] since the start, the
// other figures begin at the scenario's From.
type Record struct {
	Scenario
	Calls, Admitted, Asks, Failed []int
	Could                         []int // calls that one bucket for all would have admitted
	Lost                          []int // processes whose last ask failed

	Got    []int           // calls admitted, by process
	Early  []int           // those of processes in the first half of the fleet, in buckets
	Excess float64         // the most that was admitted in any time, less what the rate allows in it
	Queue  time.Duration   // the longest that an ask was in the store
	at     []time.Duration // when calls were admitted
	low    float64
	lost   int
	since  time.Duration // work of the store before From, and until now
	worked time.Duration
}

func newRecord(s Scenario) *Record {
	buckets := func() []int { return make([]int, s.Lasts/Step+1) }
	return &Record{Scenario: s, Calls: buckets(), Admitted: buckets(), Asks: buckets(), Failed: buckets(), Could: buckets(), Lost: buckets(), Early: buckets(),
		Got: make([]int, s.Processes), low: math.Inf(1)}
}

func (r *Record) call(at time.Duration)   { r.Calls[at/Step]++ }
func (r *Record) ask(at time.Duration)    { r.Asks[at/Step]++ }
func (r *Record) failed(at time.Duration) { r.Failed[at/Step]++ }

func (r *Record) admit(at time.Duration, who int) {
	r.Admitted[at/Step]++
	if who < r.Processes/2 {
		r.Early[at/Step]++
	}
	n := float64(len(r.at)) - r.Rate*at.Seconds()
	r.low = min(r.low, n)
	r.Excess = max(r.Excess, n+1-r.low)
	r.at = append(r.at, at)
	if at >= r.From {
		r.Got[who]++
	}
}

func (r *Record) could(at time.Duration) { r.Could[at/Step]++ }

func (r *Record) lose(at time.Duration, lost bool) {
	if lost {
		r.lost++
	} else {
		r.lost--
	}
	r.Lost[at/Step] = max(r.lost, 1) // 0 is filled in
	if r.lost == 0 {
		r.Lost[at/Step] = -1
	}
}

// served notes an ask that came at a time and was served when the store had worked for so
// long.
func (r *Record) served(at, done, worked time.Duration) {
	if at < r.From {
		r.since = worked
		return
	}
	r.Queue = max(r.Queue, done-at)
	if done < r.Lasts {
		r.worked = worked
	}
}

func (r *Record) end() *Record {
	for i, n := range r.Lost {
		switch {
		case n < 0:
			r.Lost[i] = 0
		case n == 0 && i > 0:
			r.Lost[i] = r.Lost[i-1]
		}
	}
	return r
}

func (r *Record) seconds() float64 { return (r.Lasts - r.From).Seconds() }

// sum is what a series has between two times.
func sum(series []int, from, to time.Duration) (n int) {
	for _, v := range series[from/Step : min(int(to/Step), len(series))] {
		n += v
	}
	return n
}

// Used is what was admitted, as a share of the limit.
func (r *Record) Used() float64 {
	return float64(sum(r.Admitted, r.From, r.Lasts)) / r.Rate / r.seconds()
}

// AsksPerCall are round trips for each call that was made.
func (r *Record) AsksPerCall() float64 {
	return float64(sum(r.Asks, r.From, r.Lasts)) / float64(max(sum(r.Calls, r.From, r.Lasts), 1))
}

// AsksPerSecond are round trips.
func (r *Record) AsksPerSecond() float64 { return float64(sum(r.Asks, r.From, r.Lasts)) / r.seconds() }

// Of is what was admitted, as a share of what one bucket for all would have admitted.
func (r *Record) Of() float64 {
	return float64(sum(r.Admitted, r.From, r.Lasts)) / float64(max(sum(r.Could, r.From, r.Lasts), 1))
}

// Unanswered is the share of the asks that had no answer in time.
func (r *Record) Unanswered() float64 {
	return float64(sum(r.Failed, r.From, r.Lasts)) / float64(max(sum(r.Asks, r.From, r.Lasts), 1))
}

// Utilisation is the share of the time in which the store was at work.
func (r *Record) Utilisation() float64 { return max(r.worked-r.since, 0).Seconds() / r.seconds() }

// Worst is how many calls were admitted in the worst window of that length, ever.
func (r *Record) Worst(window time.Duration) (most int) {
	first := 0
	for i, at := range r.at {
		for at-r.at[first] >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Fairness returns what the process with the least got, and what the one got than which a
// twentieth got less, as shares of the mean.
func (r *Record) Fairness() (least, twentieth float64) {
	got := slices.Sorted(slices.Values(r.Got))
	total := 0
	for _, n := range got {
		total += n
	}
	mean := float64(total) / float64(len(got))
	if mean == 0 {
		return 0, 0
	}
	return float64(got[0]) / mean, float64(got[len(got)/20]) / mean
}

// Never is a time for what does not happen.
const Never = time.Duration(math.MaxInt64)

// Since returns how long after a time a condition on the step begins to hold, for half a
// second at least.
func (r *Record) Since(from time.Duration, holds func(at time.Duration) bool) time.Duration {
	const length = 500 * time.Millisecond
	begun := from
	for at := from; at+Step <= r.Lasts; at += Step {
		switch {
		case !holds(at):
			begun = at + Step
		case at+Step-begun >= length:
			return begun - from
		}
	}
	return Never
}

// Found returns how long after a time no process has lost the store any more.
func (r *Record) Found(from time.Duration) time.Duration {
	return r.Since(from, func(at time.Duration) bool { return r.Lost[at/Step] == 0 })
}

// EvenedOut returns how long after [Scenario.From] the second half of the fleet gets at least
// four fifths of what is half, in each quarter of a second.
func (r *Record) EvenedOut() time.Duration {
	return r.Since(r.From, func(at time.Duration) bool {
		to := at + 250*time.Millisecond
		all := sum(r.Admitted, at, to)
		return float64(all-sum(r.Early, at, to)) >= 0.8*float64(all)/2
	})
}

// Got by processes from first to last, in calls a second.
func (r *Record) PerSecond(first, last int) float64 {
	n := 0
	for _, got := range r.Got[first:last] {
		n += got
	}
	return float64(n) / r.seconds()
}
