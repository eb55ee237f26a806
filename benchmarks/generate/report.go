package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/paired"
)

const introduction = `What does it take to generate? Each table below is one race. The contestants get
copies of the same module: interfaces of ten methods, ten to a package, every
package with imports that make, with their dependencies, a graph of some 400
packages. A time is the wall clock's, for all processes of a contestant together.
They run by turns, A B C A B C, for %d rounds, with an empty build cache %d; one
that has taken %s in a race sits out what is left of it. Times and memory are
medians over the rounds. A ratio is the median of the rounds' own ratios, so that
whatever slows the machine down slows both its sides. Memory is that of the largest
process, the go command and the compiler included where a contestant runs them.

- **go list**: go list ./...
- **bare load**: go/packages told to parse and type-check the packages, with their
  dependencies from export data. So it is the bar for whatever needs types.
- **resilgen**: resilgen ./...
- **gowrap**: a process for each interface, with its template for retries.
- **mockery**: one process for all packages, with its template matryer.
- **moq**, **counterfeiter** (with -generate) and **mockgen**: a process for each
  package and all of its interfaces, one after another as go generate runs them.
- **mockgen -source** parses and knows no types beyond the file.

All but gowrap write mocks, which is about as much code as a wrapper.

- **First run**: there are no outputs. The build cache holds the dependencies;
  resilgen remembers nothing. The others never do.
- **Outputs missing**: they are removed before each run. What resilgen has found
  out of the packages in earlier runs it remembers, in the user's cache directory.
- **Every package edited**: each source is changed before each run. The last run's
  outputs are there. Those who only load find resilgen's.
- **Nothing changed** since the last run.
- **Empty build cache**: what resilgen remembers is gone too. The modules have been
  downloaded.

Every run of a generator is checked to have left code for every interface.
`

// report is the section on generation.
func report(m module, e effort, races []race) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, introduction, e.rounds, e.cold, e.patience)
	fmt.Fprintf(&b, "\n%s on %s/%s, %d CPUs, with\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, tool := range []string{"counterfeiter", "gowrap", "mockery", "mockgen", "moq"} {
		version, err := m.version(tool)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "- %s\n", version)
	}
	fmt.Fprintf(&b, "\n### Targets\n\n%s\n### Races\n", targetTable(races))
	for _, r := range races {
		fmt.Fprintf(&b, "\n#### %s\n\n%s", r.row, r.table())
	}
	return b.String(), nil
}

// table shows a race's results. Ratios are medians of the rounds' own, so that
// they need not be those of the medians beside them.
func (r race) table() page.Table {
	t := page.Table{{"", "ms", "÷ bare load", "÷ resilgen", "MB", "rounds"}}
	for _, x := range r.entrants {
		t = append(t, []string{
			x.name,
			fmt.Sprintf("%.0f", 1000*paired.Median(x.seconds)), over(x, r.find(bareload)), over(x, r.find(resil)),
			fmt.Sprintf("%.0f", paired.Median(x.peaks)/1e6),
			fmt.Sprint(len(x.seconds)),
		})
	}
	return t
}

// over is empty where there is nothing to compare with.
func over(a, b *entrant) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", paired.Ratio(a.seconds, b.seconds))
}

// find is nil where the contestant was not entered.
func (r race) find(name string) *entrant {
	if i := slices.IndexFunc(r.entrants, func(x *entrant) bool { return x.name == name }); i >= 0 {
		return r.entrants[i]
	}
	return nil
}
