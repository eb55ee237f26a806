package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// An effort is the length of a race.
type effort struct {
	rounds   int
	cold     int           // rounds with an empty build cache
	patience time.Duration // a contestant that has used this time in a row gets no further round
}

// A race is a row with its entrants.
type race struct {
	row      row
	entrants []*entrant
}

// An entrant is a contestant in one row, with the time and memory of its rounds. The
// same index is the same round for all entrants of all rows.
type entrant struct {
	contestant
	module   module
	row      row
	workload workload
	seconds  []float64
	peaks    []float64 // bytes
}

// newRace returns a race of the contestants. Their workloads are in tmp.
func newRace(m module, tmp string, r row, contestants []contestant) race {
	race := race{row: r}
	for _, c := range contestants {
		w := workload{dir: filepath.Join(tmp, fmt.Sprint(r.interfaces, r.state), c.name), interfaces: r.interfaces}
		race.entrants = append(race.entrants, &entrant{contestant: c, module: m, row: r, workload: w})
	}
	return race
}

// hold runs the races. The entrants run in turn, A B C A B C …, and so do the rows, so
// that other work of the machine affects all of them. Each round begins with the next
// entrant.
func hold(ctx context.Context, races []race, e effort) error {
	for _, race := range races {
		fmt.Fprintf(os.Stderr, "preparing %s\n", race.row)
		for _, x := range race.entrants {
			if err := x.prepare(ctx); err != nil {
				return fmt.Errorf("%s: %s: %w", race.row, x.name, err)
			}
		}
	}
	for round := range e.rounds {
		for _, race := range races {
			if race.row.state == empty && round >= e.cold {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, e.rounds, race.row)
			for place := range race.entrants {
				x := race.entrants[(round+place)%len(race.entrants)]
				if round > 0 && x.spent() >= e.patience {
					continue
				}
				used, err := x.run(ctx, round+1)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", race.row, x.name, err)
				}
				x.seconds = append(x.seconds, used.seconds)
				x.peaks = append(x.peaks, used.peak)
			}
		}
	}
	return nil
}

// spent returns the time of the entrant's rounds so far.
func (x *entrant) spent() time.Duration {
	var sum float64
	for _, s := range x.seconds {
		sum += s
	}
	return time.Duration(sum * float64(time.Second))
}

// prepare creates the workload, and makes the practice runs.
func (x *entrant) prepare(ctx context.Context) error {
	if err := x.workload.create(ctx, x.module); err != nil {
		return err
	}
	if x.configure != nil {
		if err := x.configure(x.workload); err != nil {
			return err
		}
	}
	if x.outputs == "" && x.row.state.outputs() {
		for _, c := range resilgen(x.workload) {
			if _, err := x.module.run(ctx, c); err != nil {
				return err
			}
		}
	}
	if x.steady {
		return nil
	}
	for range x.row.state.practice() {
		if _, err := x.run(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}

// run brings the workload into its state for the nth time, and runs the contestant's
// commands.
func (x *entrant) run(ctx context.Context, n int) (usage, error) {
	scratch, err := os.MkdirTemp(filepath.Dir(x.workload.dir), "scratch")
	if err != nil {
		return usage{}, err
	}
	defer os.RemoveAll(scratch)
	env, err := x.row.state.enter(x.workload, x.contestant, n, scratch)
	if err != nil {
		return usage{}, err
	}
	var all usage
	for _, c := range x.commands(x.workload) {
		c.env = env
		used, err := x.module.run(ctx, c)
		if err != nil {
			return usage{}, err
		}
		all.seconds += used.seconds
		all.peak = max(all.peak, used.peak)
	}
	return all, x.checkOutputs(x.workload)
}
