package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A table is aligned to be read as it is, and Markdown as well. Its first row is
// the heading. The first column is text, the others are numbers.
type table [][]string

func (t table) String() string {
	widths := make([]int, len(t[0]))
	for _, cells := range t {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, cells := range t {
		b.WriteByte('|')
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				cell, pad = pad, cell
			}
			fmt.Fprintf(&b, " %s%s |", pad, cell)
		}
		b.WriteByte('\n')
		if n > 0 {
			continue
		}
		b.WriteByte('|')
		for i, width := range widths {
			if i == 0 {
				fmt.Fprintf(&b, " %s |", strings.Repeat("-", width))
			} else {
				fmt.Fprintf(&b, " %s: |", strings.Repeat("-", width-1))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// raceTable shows one row's results. Ratios are medians of the rounds' own, so
// that they need not be those of the medians beside them.
func raceTable(r row, results []result) table {
	t := table{{"", "ns/call", "÷ by hand", "÷ resilgen", "parallel ns/call", "÷ by hand", "÷ resilgen", "B/call", "allocs/call"}}
	if r.stack.keys > 0 {
		t[0] = append(t[0], "B/key")
	}
	hand, own := find(results, byHand), find(results, resil)
	for _, x := range results {
		cells := []string{
			x.name,
			fmt.Sprintf("%.1f", median(x.serial)), over(x.serial, hand.serial), over(x.serial, own.serial),
			fmt.Sprintf("%.1f", median(x.parallel)), over(x.parallel, hand.parallel), over(x.parallel, own.parallel),
			fmt.Sprintf("%.0f", x.bytes), fmt.Sprintf("%.0f", x.allocs),
		}
		if r.stack.keys > 0 {
			cells = append(cells, fmt.Sprintf("%d", int(x.perKey)))
		}
		t = append(t, cells)
	}
	return t
}

func over(a, b []float64) string {
	if len(b) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ratio(a, b))
}

func find(results []result, name string) result {
	for _, r := range results {
		if r.name == name {
			return r
		}
	}
	return result{}
}
