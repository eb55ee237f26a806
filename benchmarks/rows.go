package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	resilgen "github.com/resilgen/resilgen/runtime"
)

// A row is one race: of all contestants that can build the stack, and of additional
// entrants.
type row struct {
	name     string
	stack    stack
	deadline time.Duration // of the caller; 0 is none
	refused  bool          // open breakers refuse all calls
	extra    func(store) []entrant
}

const (
	unlimited = 1_000_000_000 // calls per second: a limiter that never refuses
	long      = 10 * time.Second
)

// The rows and entrants that targets use.
const (
	rowAll     = "retry + breaker + limiter"
	rowNearer  = "retry + breaker + limiter + attempt timeout, the caller's deadline is nearer"
	rowRefused = "refused by an open breaker"
	rowMillion = "breaker by key, 1000000 keys"

	observed     = "resilgen, observed"
	measured     = "resilgen, with durations"
	profiled     = "resilgen, with a profile"
	armed        = "resilgen, with faults that no call asks for"
	untimed      = "resilgen, no timeout"
	breakerAlone = "gobreaker alone"
)

var (
	all      = stack{retry: true, breaker: true, limit: unlimited}
	allTimed = stack{retry: true, breaker: true, limit: unlimited, timeout: long}
)

var rows = []row{
	{name: "nothing"},
	{name: "retry", stack: stack{retry: true}},
	{name: "breaker", stack: stack{breaker: true}},
	{name: "limiter", stack: stack{limit: unlimited}},
	{name: "bulkhead", stack: stack{bulkhead: 100}},
	{name: rowAll, stack: all, extra: func(next store) []entrant {
		ignore := resilgen.WithObserver(func(context.Context, resilgen.Event) {})
		return []entrant{
			{name: observed, get: newResilientStore(next, spec(all), ignore).Get},
			{name: measured, get: newResilientStore(next, spec(all), resilgen.WithDurations()).Get},
			{name: profiled, get: newResilientStore(next, spec(all), resilgen.WithProfile(new(resilgen.Profile))).Get},
			{name: armed, get: newResilientStore(next, spec(all), resilgen.WithChaos(nil)).Get},
		}
	}},
	{name: "retry + breaker + limiter + attempt timeout", stack: allTimed},
	{name: rowNearer, stack: allTimed, deadline: long / 2, extra: func(next store) []entrant {
		return []entrant{{name: untimed, get: generated(all, next)}}
	}},
	{name: rowRefused, stack: all, refused: true, extra: func(next store) []entrant {
		return []entrant{{name: breakerAlone, get: composed(stack{breaker: true}, next)}}
	}},
	{name: "breaker by key, 1000 keys", stack: stack{breaker: true, keys: 1000}},
	{name: rowMillion, stack: stack{breaker: true, keys: 1_000_000}},
}

// run runs the race of the row.
func (r row) run(e effort) ([]result, error) {
	t := track{ids: r.ids(), deadline: r.deadline, refused: r.refused}
	entrants, err := r.entrants()
	if err != nil {
		return nil, err
	}
	return t.race(entrants, e)
}

// ids returns the ids of the calls, drawn at random from the stack's keys. There are
// enough of them that all keys occur.
func (r row) ids() []string {
	if r.stack.keys == 0 {
		return []string{"a"}
	}
	keys := make([]string, r.stack.keys)
	for n := range keys {
		keys[n] = key(n)
	}
	ids := make([]string, 1<<20)
	for i := range ids {
		ids[i] = keys[rand.N(len(keys))]
	}
	return ids
}

func key(n int) string { return "tenant-" + strconv.Itoa(n) }

// entrants returns the row's entrants, ready for the race.
func (r row) entrants() ([]entrant, error) {
	b := &backend{}
	var entrants []entrant
	for _, c := range contestants {
		var e entrant
		held := heap(func() {
			if e = (entrant{name: c.name, get: c.build(r.stack, b)}); e.get != nil {
				for n := range r.stack.keys {
					e.get(context.Background(), key(n))
				}
			}
		})
		if e.get == nil {
			continue
		}
		if r.stack.keys > 0 {
			e.perKey = held / float64(r.stack.keys)
		}
		entrants = append(entrants, e)
	}
	if r.extra != nil {
		entrants = append(entrants, r.extra(b)...)
	}
	if r.refused {
		b.err = errDown
		return opened(entrants)
	}
	return entrants, nil
}

// heap returns the number of bytes that build leaves on the heap.
func heap(build func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	build()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

// opened calls the failing backend through each entrant until its breaker refuses. It
// returns the entrants that have a breaker.
func opened(entrants []entrant) (open []entrant, err error) {
	for _, e := range entrants {
		if e.name == direct {
			continue
		}
		for n := 0; ; n++ {
			if _, err := e.get(context.Background(), "a"); !errors.Is(err, errDown) {
				break
			}
			if n == 2*minimum {
				return nil, fmt.Errorf("%s: the breaker does not open", e.name)
			}
		}
		open = append(open, e)
	}
	return open, nil
}
