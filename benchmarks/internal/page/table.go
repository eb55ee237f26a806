package page

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Table is aligned to be read as it is, and Markdown as well. Its first row is
// the heading. The first column is text, the others are numbers.
type Table [][]string

func (t Table) String() string {
	widths := make([]int, len(t[0]))
	for i := range widths {
		widths[i] = 2 // the least that makes a Markdown table
	}
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
