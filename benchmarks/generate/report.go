package main

import (
	_ "embed"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/paired"
)

const introduction = `How much time and memory does generation take? Each table below is one race. The
contestants get copies of the same module: interfaces of ten methods, ten in a
package. The imports of each package and their dependencies make a graph of about
400 packages. A time is the elapsed time of all processes of a contestant together.
They run in turn, A B C A B C, for %d rounds, with an empty build cache %d; one
that has taken %s in a race gets no further round of it. Times and memory are
medians over the rounds. A ratio is the median of the ratios in each round, so that
other work of the machine affects both sides. Memory is that of the largest process,
which may be the go command or the compiler if a contestant runs them.

- **go list**: go list ./...
- **bare load**: go/packages parses and type-checks the packages, with their
  dependencies from export data. It is the reference for tools that need types.
- **resilgen**: resilgen ./...
- **gowrap**: a process for each interface, with its template for retries.
- **mockery**: one process for all packages, with its template matryer.
- **moq**, **counterfeiter** (with -generate) and **mockgen**: a process for each
  package and all of its interfaces, one after another as go generate runs them.
- **mockgen -source** only parses the file, and knows no other types.

All except gowrap write mocks, which are about as much code as a wrapper.

- **First run**: there are no outputs. The build cache has the dependencies, and
  resilgen has no cache of its own. The others never have one.
- **Outputs missing**: they are removed before each run. The cache of resilgen, in
  the user's cache directory, has what earlier runs have found in the packages.
- **Every package edited**: each source is changed before each run. The outputs of
  the last run exist. For the two that only load, these are the outputs of resilgen.
- **Nothing changed** since the last run.
- **Empty build cache**: the cache of resilgen is empty too. The modules have been
  downloaded.

After every run of a generator, a check finds the code for every interface.
`

// firstRun says where the time of a first run goes. Unlike the tables of the races, its
// figures are not measured by this program.
//
//go:embed firstrun.md
var firstRun string

// report returns the section on generation.
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
		if r.row == (row{most, first}) {
			b.WriteString("\n" + firstRun)
		}
	}
	return b.String(), nil
}

// table returns the table of a race's results. A ratio is the median of the ratios in
// each round, which may differ from the ratio of the medians in the table.
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

// over returns the ratio of a and b, or "" if there is no b.
func over(a, b *entrant) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", paired.Ratio(a.seconds, b.seconds))
}

// find returns the entrant of that name, or nil if there is none.
func (r race) find(name string) *entrant {
	if i := slices.IndexFunc(r.entrants, func(x *entrant) bool { return x.name == name }); i >= 0 {
		return r.entrants[i]
	}
	return nil
}
