// Command generate measures resilgen, a bare load of the same packages, and other
// generators, as whole processes. It takes more than half an hour. The flags -run and
// -tools choose a part.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
)

func main() {
	var e effort
	flag.IntVar(&e.rounds, "rounds", 7, "number of rounds for each row")
	flag.IntVar(&e.cold, "cold", 2, "number of rounds with an empty build cache")
	flag.DurationVar(&e.patience, "patience", 30*time.Second, "time for a row after which a contestant gets no further round")
	only := flag.String("run", "", "measure only the rows whose name matches this `regexp`")
	tools := flag.String("tools", "", "measure only the contestants whose name matches this `regexp`")
	write := flag.String("write", "", "write the report into the page in this `file` too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, e, *only, *tools, *write); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, e effort, only, tools, write string) error {
	matchRow, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	matchTool, err := regexp.Compile(tools)
	if err != nil {
		return fmt.Errorf("-tools: %w", err)
	}
	tmp, err := os.MkdirTemp("", "generate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	m, err := openModule(ctx, tmp)
	if err != nil {
		return err
	}
	if err := m.build(ctx, "tool", "./generate/bareload"); err != nil {
		return err
	}
	entered := slices.DeleteFunc(slices.Clone(contestants), func(c contestant) bool { return !matchTool.MatchString(c.name) })
	var races []race
	for _, r := range rows {
		if matchRow.MatchString(r.String()) {
			races = append(races, newRace(m, tmp, r, r.state.entering(entered)))
		}
	}
	if err := hold(ctx, races, e); err != nil {
		return err
	}
	for _, r := range races {
		fmt.Printf("%s\n%s\n", r.row, r.table())
	}
	fmt.Print(targetTable(races))
	if write == "" {
		return nil
	}
	section, err := report(m, e, races)
	if err != nil {
		return err
	}
	return page.Write(write, "Generation", section)
}
