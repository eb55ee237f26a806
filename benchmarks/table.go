package main

import (
	"fmt"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/paired"
)

// raceTable returns the table of one row's results. A ratio is the median of the ratios
// in each round, which may differ from the ratio of the medians in the table.
func raceTable(r row, results []result) page.Table {
	t := page.Table{{"", "ns/call", "÷ by hand", "÷ resilgen", "parallel ns/call", "÷ by hand", "÷ resilgen", "B/call", "allocs/call"}}
	if r.stack.keys > 0 {
		t[0] = append(t[0], "B/key")
	}
	hand, own := find(results, byHand), find(results, resil)
	for _, x := range results {
		cells := []string{
			x.name,
			fmt.Sprintf("%.1f", paired.Median(x.serial)), over(x.serial, hand.serial), over(x.serial, own.serial),
			fmt.Sprintf("%.1f", paired.Median(x.parallel)), over(x.parallel, hand.parallel), over(x.parallel, own.parallel),
			fmt.Sprintf("%.0f", x.bytes), fmt.Sprintf("%.0f", x.allocs),
		}
		if r.stack.keys > 0 {
			cells = append(cells, fmt.Sprintf("%d", int(x.perKey)))
		}
		t = append(t, cells)
	}
	return t
}

// over returns the ratio of a and b, or "" if there is no b.
func over(a, b []float64) string {
	if len(b) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", paired.Ratio(a, b))
}

func find(results []result, name string) result {
	for _, r := range results {
		if r.name == name {
			return r
		}
	}
	return result{}
}
