package main

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
)

const introduction = `What do a call's guards cost where the backend itself costs nothing? Each table
below is one race: the contestants put the same guards around the same backend,
which answers at once. They run by turns, A B C A B C, for %d rounds of %s each.
Times are medians over the rounds. A ratio is the median of the rounds' own
ratios, so that whatever slows the machine down slows both its sides. A parallel
time is what the wall clock says, divided by all calls of GOMAXPROCS goroutines.

- **direct call**: no guards.
- **by hand**: what resilgen builds on, in a function written for just that
  stack: x/time/rate's Allow, gobreaker's Execute, a semaphore, a loop around
  them. So it is the bar. It takes a token before it asks the breaker.
- **resilgen**: a method as it is generated. Its observer does nothing.
- The others as their own documentation says: policies built once, each call's
  context handed over. Breakers have the same window, ratio and minimum.
  failsafe-go's cannot count a streak besides. go-zero's has no settings and
  refuses by chance instead of opening, so that it is not in the race of open
  breakers. retry-go's retrier, built once, does not see a call's context.

None of the others keeps breakers by key. By hand they are in a map under a
read-write lock, which forgets none; resilgen's are bounded and evicted. B/key is
what is left on the heap for each key, the map's share and the key included.

Tests see to it that every contestant repeats, refuses, limits and times out as
its stack says, and a race stops at the first call that fails where none should.
`

// report is the section on calls.
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
	fmt.Fprintf(&b, "\n### Targets\n\n%s\n### Races\n\n%s", targets, tables)
	return b.String()
}

// raced are the modules whose versions matter.
var raced = map[string]bool{
	"github.com/avast/retry-go/v5":       true,
	"github.com/cenkalti/backoff/v5":     true,
	"github.com/failsafe-go/failsafe-go": true,
	"github.com/sony/gobreaker/v2":       true,
	"github.com/zeromicro/go-zero":       true,
	"golang.org/x/sync":                  true,
	"golang.org/x/time":                  true,
}

// title begins a heading as English does.
func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
