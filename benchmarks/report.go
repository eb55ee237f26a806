package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
)

const introduction = `What do the guards of a call cost if the backend itself costs nothing? Each table
below is one race: the contestants put the same guards around the same backend,
which responds at once. They run in turn, A B C A B C, for %d rounds of %s each.
Times are medians over the rounds. A ratio is the median of the ratios in each
round, so that other work of the machine affects both sides. A parallel time is
the elapsed time divided by the number of calls of GOMAXPROCS goroutines.

- **direct call**: no guards.
- **by hand**: the primitives that resilgen uses, in a function that is written
  for the stack: x/time/rate's Allow, gobreaker's Execute, a semaphore, and a loop
  around them. This is the reference. It takes a token before it asks the breaker.
- **resilgen**: a generated method. With durations it records what an exporter of
  histograms reads. The one that is observed has an observer that does nothing.
- The others are used as their documentation says: policies are built once, and
  the context of each call is passed. Breakers have the same window, ratio and
  minimum. The one of failsafe-go cannot also count failures in a row. The one of
  go-zero has no settings and refuses calls at random instead of opening, so that
  it is not in the race of open breakers. The retrier of retry-go is built once,
  and does not see the context of a call.

None of the others keeps breakers by key. By hand they are in a map under a
read-write lock, which keeps all of them. Those of resilgen are bounded and
evicted. B/key is the memory on the heap for each key, with the key and its share
of the map.

Tests check that every contestant repeats, refuses, limits and times out as its
stack says. A race stops at the first call that does not succeed or fail as it
must.
`

// report returns the section on calls.
func report(e effort, targets page.Table, tables string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, introduction, e.rounds, e.sample)
	fmt.Fprintf(&b, "\n%s on %s/%s, %d CPUs, with\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if raced[m.Path] {
				fmt.Fprintf(&b, "- %s %s\n", m.Path, m.Version)
			}
		}
	}
	fmt.Fprintf(&b, "\n### Targets\n\n%s\n%s\n### Races\n\n%s", targets, profile, tables)
	return b.String()
}

// profile says where the time of a call goes.
//
//go:embed profile.md
var profile string

// raced has the modules whose versions the report gives.
var raced = map[string]bool{
	"github.com/avast/retry-go/v5":       true,
	"github.com/cenkalti/backoff/v5":     true,
	"github.com/failsafe-go/failsafe-go": true,
	"github.com/sony/gobreaker/v2":       true,
	"github.com/zeromicro/go-zero":       true,
	"golang.org/x/sync":                  true,
	"golang.org/x/time":                  true,
}

// title returns s with a capital letter at the start.
func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
