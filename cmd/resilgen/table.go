package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A table is rows of cells, the first row being the head.
type table [][]string

// text prints the table with its columns aligned.
func (t table) text(w io.Writer) {
	widths := t.widths()
	for _, row := range t {
		var line strings.Builder
		for k, cell := range row {
			fmt.Fprint(&line, pad(cell, widths[k]), "  ")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// markdown prints the table for Markdown, aligned as well.
func (t table) markdown(w io.Writer) {
	escaped := make(table, len(t))
	for k, row := range t {
		for _, cell := range row {
			escaped[k] = append(escaped[k], strings.ReplaceAll(cell, "|", `\|`))
		}
	}
	widths := escaped.widths()
	for k, row := range escaped {
		for k, cell := range row {
			fmt.Fprint(w, "| ", pad(cell, widths[k]), " ")
		}
		fmt.Fprintln(w, "|")
		if k == 0 {
			for _, width := range widths {
				fmt.Fprint(w, "|", strings.Repeat("-", width+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}

// widths are the columns'.
func (t table) widths() []int {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for k, cell := range row {
			widths[k] = max(widths[k], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func pad(cell string, width int) string {
	return cell + strings.Repeat(" ", width-utf8.RuneCountInString(cell))
}
