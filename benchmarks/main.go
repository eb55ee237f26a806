// Command benchmarks measures the wrappers that resilgen generates, the same guards
// written by hand, and other libraries, all in one run.
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
	flag.IntVar(&e.rounds, "rounds", 41, "number of rounds for each row")
	flag.DurationVar(&e.sample, "sample", 10*time.Millisecond, "time of each contestant in each round")
	only := flag.String("run", "", "measure only the rows whose name matches this `regexp`")
	write := flag.String("write", "", "write the report into the page in this `file` too")
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
