package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// A table is a list of rows of cells. The first row is the header.
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

// markdown prints the table in Markdown, with its columns aligned.
func (t table) markdown(w io.Writer) {
	escaped := make(table, len(t))
	for k, row := range t {
		for _, cell := range row {
			escaped[k] = append(escaped[k], escapeMarkdown(cell))
		}
	}
	escaped.cells(w)
}

// cells prints a table in Markdown whose cells are Markdown already.
func (t table) cells(w io.Writer) {
	widths := t.widths()
	for k, row := range t {
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

// widths returns the width of each column.
func (t table) widths() []int {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for k, cell := range row {
			widths[k] = max(widths[k], columns(cell))
		}
	}
	return widths
}

// pad appends spaces to a cell until it has the width.
func pad(cell string, width int) string {
	return cell + strings.Repeat(" ", width-columns(cell))
}

// columns returns how many columns of a terminal a text takes.
func columns(text string) (n int) {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case unicode.In(r, wide):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide has the characters that take two columns: those of East Asia, full-width
// forms, and emoji.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff01, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1faff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1}},
}
