package simulation

import (
	"math"
	"sync"
	"time"
)

// Step is the length of the buckets of a [Record].
const Step = 500 * time.Millisecond

// A Record is what happened, in buckets of [Step] since the start. A call, and whether
// it succeeded, is in the bucket in which it was made.
type Record struct {
	mu sync.Mutex

	Calls            []int
	Succeeded        []int
	Patient          []int // calls with all of the scenario's patience
	PatientSucceeded []int
	Attempts         []int // that reached the backend
}

func newRecord(lasts time.Duration) *Record {
	buckets := func() []int { return make([]int, (lasts+Step-1)/Step) }
	return &Record{Calls: buckets(), Succeeded: buckets(), Patient: buckets(), PatientSucceeded: buckets(), Attempts: buckets()}
}

func (r *Record) attempt(at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := int(at / Step); i < len(r.Attempts) { // one of the last calls may retry later
		r.Attempts[i]++
	}
}

func (r *Record) call(at time.Duration, hasty bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := int(at / Step)
	r.Calls[i]++
	if !hasty {
		r.Patient[i]++
	}
	if err != nil {
		return
	}
	r.Succeeded[i]++
	if !hasty {
		r.PatientSucceeded[i]++
	}
}

// Between sums a series of a record over the time from and to.
func Between(series []int, from, to time.Duration) (sum int) {
	for i := int((from + Step - 1) / Step); i < len(series) && time.Duration(i)*Step < to; i++ {
		sum += series[i]
	}
	return sum
}

func share(part, whole []int, from, to time.Duration) float64 {
	return float64(Between(part, from, to)) / float64(max(Between(whole, from, to), 1))
}

// Goodput is the share of the calls made in that time that succeeded.
func (r *Record) Goodput(from, to time.Duration) float64 {
	return share(r.Succeeded, r.Calls, from, to)
}

// PatientGoodput is the same of the calls with all of the scenario's patience.
func (r *Record) PatientGoodput(from, to time.Duration) float64 {
	return share(r.PatientSucceeded, r.Patient, from, to)
}

// Load is how many attempts reached the backend for each call made in that time.
func (r *Record) Load(from, to time.Duration) float64 {
	return share(r.Attempts, r.Calls, from, to)
}

// Peak is the highest load of any second in that time.
func (r *Record) Peak(from, to time.Duration) (most float64) {
	for at := from; at+time.Second <= to; at += Step {
		most = max(most, r.Load(at, at+time.Second))
	}
	return most
}

// Never is the time that a fleet takes to recover which does not.
const Never time.Duration = math.MaxInt64

// Recovery is how long after the given time it took until, for five seconds on end,
// 19 of 20 calls succeeded.
func (r *Record) Recovery(after time.Duration) time.Duration {
	const calm = 5 * time.Second
	for at := after; at+calm <= time.Duration(len(r.Calls))*Step; at += Step {
		if r.Goodput(at, at+calm) >= 0.95 {
			return at - after
		}
	}
	return Never
}
