package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// An entrant is a contestant at the start of one row's race.
type entrant struct {
	name   string
	get    get
	perKey float64 // bytes that it holds for each key
}

// A result is what a race found out about one entrant. Times are in nanoseconds
// a call, one for each round; the same index is the same round for every entrant
// of a row.
type result struct {
	name             string
	serial, parallel []float64
	allocs, bytes    float64 // a call
	perKey           float64 // bytes held
}

// An effort says how long to race.
type effort struct {
	rounds int
	sample time.Duration // of each entrant in each round
}

// A track is what the calls of a row have in common.
type track struct {
	ids      []string      // a power of two of them, taken in turn
	deadline time.Duration // the caller's, from the start of a sample; 0 is none
	refused  bool          // every call is to fail; otherwise none
}

// race runs the entrants by turns, A B C A B C …, so that whatever else the
// machine does in the meantime happens to all of them. The order moves on by one
// each round.
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

// calibrate finds how many calls take about as long as a sample.
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

// run has the goroutines share n calls, sees to it that they did what they were
// to do, and returns the nanoseconds that passed for each.
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

// calls makes n calls, one after another, and counts those that fail.
func (t track) calls(ctx context.Context, get get, from, n int) (failed int) {
	last := len(t.ids) - 1
	for i := range n {
		if _, err := get(ctx, t.ids[(from+i)&last]); err != nil {
			failed++
		}
	}
	return failed
}

// allocated counts the allocations and bytes of a call.
func (t track) allocated(e entrant, n int) (allocs, bytes float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = t.run(e, 1, n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n), err
}
