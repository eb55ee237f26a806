package page

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Table is a table of cells. The first row is the header. The first column has text,
// the others have numbers.
type Table [][]string

// String returns the table in Markdown, with its columns aligned.
func (t Table) String() string {
	widths := make([]int, len(t[0]))
	for i := range widths {
		widths[i] = 2 // the minimum in Markdown
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
