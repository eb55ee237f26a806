// Command benchmarks races the wrappers that resilgen generates against the same
// guards composed by hand and against other libraries, all in one run.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
)

func main() {
	var e effort
	flag.IntVar(&e.rounds, "rounds", 41, "races of each row")
	flag.DurationVar(&e.sample, "sample", 10*time.Millisecond, "how long each contestant runs in each of them")
	only := flag.String("run", "", "race the rows whose name matches this `regexp`")
	write := flag.String("write", "", "put the report into the page in this `file` too")
	flag.Parse()
	if err := run(e, *only, *write); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(e effort, only, write string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	results := standings{}
	var tables bytes.Buffer
	for _, r := range rows {
		if !match.MatchString(r.name) {
			continue
		}
		result, err := r.run(e)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		results[r.name] = result
		table := raceTable(r, result)
		fmt.Printf("%s\n%s\n", r.name, table)
		fmt.Fprintf(&tables, "#### %s\n\n%s\n", title(r.name), table)
	}
	targets := targetTable(results)
	fmt.Print(targets)
	if write == "" {
		return nil
	}
	return page.Write(write, "Calls", report(e, targets, tables.String()))
}
