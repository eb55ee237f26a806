package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// An entrant is a contestant that is ready for the race of one row.
type entrant struct {
	name   string
	get    get
	perKey float64 // bytes on the heap for each key
}

// A result is the result of one entrant in a race. Times are in nanoseconds per call,
// one for each round. The same index is the same round for all entrants of a row.
type result struct {
	name             string
	serial, parallel []float64
	allocs, bytes    float64 // per call
	perKey           float64 // bytes on the heap for each key
}

// An effort is the length of a race.
type effort struct {
	rounds int
	sample time.Duration // of each entrant in each round
}

// A track is what all calls of a row have in common.
type track struct {
	ids      []string      // used in turn; their number is a power of two
	deadline time.Duration // of the caller, from the start of a sample; 0 is none
	refused  bool          // all calls must fail; otherwise all must succeed
}

// race runs the entrants in turn, A B C A B C …, so that other work of the machine
// affects all of them. Each round begins with the next entrant.
func (t track) race(entrants []entrant, e effort) ([]result, error) {
	results := make([]result, len(entrants))
	serial, parallel := make([]int, len(entrants)), make([]int, len(entrants)) // calls in a sample
	for i, entrant := range entrants {
		results[i].name, results[i].perKey = entrant.name, entrant.perKey
		var err error
		if serial[i], err = t.calibrate(entrant, 1, e.sample); err != nil {
			return nil, err
		}
		if parallel[i], err = t.calibrate(entrant, runtime.GOMAXPROCS(0), e.sample); err != nil {
			return nil, err
		}
	}
	for round := range e.rounds {
		for place := range entrants {
			i := (round + place) % len(entrants)
			took, err := t.run(entrants[i], 1, serial[i])
			if err != nil {
				return nil, err
			}
			results[i].serial = append(results[i].serial, took)
			took, err = t.run(entrants[i], runtime.GOMAXPROCS(0), parallel[i])
			if err != nil {
				return nil, err
			}
			results[i].parallel = append(results[i].parallel, took)
		}
	}
	for i, entrant := range entrants {
		var err error
		if results[i].allocs, results[i].bytes, err = t.allocated(entrant, serial[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// calibrate returns the number of calls that take about as long as a sample.
func (t track) calibrate(e entrant, goroutines int, sample time.Duration) (int, error) {
	for n := 64; ; n *= 4 {
		each, err := t.run(e, goroutines, n)
		if err != nil {
			return 0, err
		}
		if each*float64(n) >= float64(sample)/8 {
			return max(int(float64(sample)/each), 64), nil
		}
	}
}

// run makes n calls, shared by the goroutines. It returns the time per call in
// nanoseconds, and fails if a call does not succeed or fail as it must.
func (t track) run(e entrant, goroutines, n int) (float64, error) {
	ctx := context.Background()
	if t.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.deadline)
		defer cancel()
	}
	share := n / goroutines
	failed := make([]int, goroutines)
	start := time.Now()
	if goroutines == 1 {
		failed[0] = t.calls(ctx, e.get, 0, share)
	} else {
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() { failed[g] = t.calls(ctx, e.get, g*len(t.ids)/goroutines, share) })
		}
		wg.Wait()
	}
	took := time.Since(start)
	for _, failed := range failed {
		if t.refused && failed < share || !t.refused && failed > 0 {
			return 0, fmt.Errorf("%s: %d of %d calls failed", e.name, failed, share)
		}
	}
	return float64(took) / float64(share*goroutines), nil
}

// calls makes n calls, one after another, and returns the number of those that fail.
func (t track) calls(ctx context.Context, get get, from, n int) (failed int) {
	last := len(t.ids) - 1
	for i := range n {
		if _, err := get(ctx, t.ids[(from+i)&last]); err != nil {
			failed++
		}
	}
	return failed
}

// allocated returns the number of allocations and bytes per call.
func (t track) allocated(e entrant, n int) (allocs, bytes float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = t.run(e, 1, n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n), err
}
