package simulation

import (
	"sync"
	"time"
)

// Step is the length of the buckets of a [Record].
const Step = 500 * time.Millisecond

// A Record is what happened, by the time since the start, in buckets of [Step].
type Record struct {
	mu sync.Mutex

	Calls    []int // made
	Good     []int // of them, those that succeeded
	Patient  []int // of them, those with their full patience
	Served   []int // of the patient, those that succeeded
	Attempts []int // that reached the backend
}

func newRecord(lasts time.Duration) *Record {
	n := int(lasts/Step) + 1
	return &Record{Calls: make([]int, n), Good: make([]int, n), Patient: make([]int, n), Served: make([]int, n), Attempts: make([]int, n)}
}

func (r *Record) attempt(at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := int(at / Step); i < len(r.Attempts) {
		r.Attempts[i]++
	}
}

func (r *Record) call(at time.Duration, hasty bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := int(at / Step)
	r.Calls[i]++
	if err == nil {
		r.Good[i]++
	}
	if hasty {
		return
	}
	r.Patient[i]++
	if err == nil {
		r.Served[i]++
	}
}

// Between sums a series over the time from and to.
func Between(series []int, from, to time.Duration) (sum int) {
	for i, n := range series {
		if at := time.Duration(i) * Step; at >= from && at < to {
			sum += n
		}
	}
	return sum
}

// Recovered is how long after the given time it took until from then on, for five
// seconds on end, all but a twentieth of the calls succeeded; ok is false if that
// never happened.
func (r *Record) Recovered(after time.Duration) (took time.Duration, ok bool) {
	const calm = 5 * time.Second
	last := time.Duration(len(r.Calls)-1) * Step
	for at := after; at+calm <= last; at += Step {
		calls := Between(r.Calls, at, at+calm)
		if good := Between(r.Good, at, at+calm); calls > 0 && good*20 >= calls*19 {
			return at - after, true
		}
	}
	return 0, false
}

// Load is how many attempts reached the backend for each call in that time.
func (r *Record) Load(from, to time.Duration) float64 {
	return float64(Between(r.Attempts, from, to)) / float64(max(Between(r.Calls, from, to), 1))
}

// Peak is the highest load of any second from then on, in attempts a call.
func (r *Record) Peak(from, to time.Duration) (most float64) {
	for at := from; at+time.Second <= to; at += Step {
		most = max(most, r.Load(at, at+time.Second))
	}
	return most
}

// Goodput is the share of the calls in that time that succeeded.
func (r *Record) Goodput(from, to time.Duration) float64 {
	return float64(Between(r.Good, from, to)) / float64(max(Between(r.Calls, from, to), 1))
}
