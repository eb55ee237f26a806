package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/resilgen/resilgen/internal/simulation"
)

// seeds is how often each scenario is played. The page shows medians.
const seeds = 5

// records are what happened in one scenario, a record for each seed.
type records struct {
	simulation.Scenario
	list []*simulation.Record
}

// median is the middle one of what f says of each record.
func median[T cmp.Ordered](r records, f func(*simulation.Record) T) T {
	var values []T
	for _, record := range r.list {
		values = append(values, f(record))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// columns are those of most tables. They are what figures returns.
var columns = []string{"policy", "recovered after", "load", "peak second", "goodput"}

func (r records) figures(policy string) []string {
	from, to := r.Begins, r.Ends+time.Minute
	peak := median(r, func(record *simulation.Record) float64 { return record.Peak(from, to) })
	return []string{policy, r.recovered(), r.load(from, to), number(peak), r.goodput(r.Ends, to)}
}

// recovered is the time from the fault's end to recovery.
func (r records) recovered() string {
	recovery := func(record *simulation.Record) time.Duration { return record.Recovery(r.Ends) }
	never := 0
	for _, record := range r.list {
		if recovery(record) == simulation.Never {
			never++
		}
	}
	took := median(r, recovery)
	switch {
	case never == 0:
		return fmt.Sprintf("%.1f s", took.Seconds())
	case never == len(r.list):
		return "never"
	case took == simulation.Never:
		return fmt.Sprintf("never in %d of %d", never, len(r.list))
	}
	return fmt.Sprintf("%.1f s, never in %d of %d", took.Seconds(), never, len(r.list))
}

func (r records) load(from, to time.Duration) string {
	return number(median(r, func(record *simulation.Record) float64 { return record.Load(from, to) }))
}

func (r records) goodput(from, to time.Duration) string {
	return percent(median(r, func(record *simulation.Record) float64 { return record.Goodput(from, to) }))
}

func number(n float64) string { return fmt.Sprintf("%.2f", n) }

func percent(n float64) string { return fmt.Sprintf("%.0f %%", 100*n) }

// rates are a series of a record in calls a second, one for each step.
func rates(series []int, step time.Duration) (list []float64) {
	for n := range slices.Chunk(series, int(step/simulation.Step)) {
		sum := 0
		for _, calls := range n {
			sum += calls
		}
		list = append(list, float64(sum)/step.Seconds())
	}
	return list
}
