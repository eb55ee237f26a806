package page

import (
	"math"
	"strconv"
)

// A Target is a promise: a number, and the most that it may be.
type Target struct {
	Path     string // what was measured
	Number   string // which of its numbers
	Most     float64
	Measured float64
}

// Targets shows which promises are kept.
func Targets(targets []Target) Table {
	t := Table{{"path", "number", "at most", "measured", ""}}
	for _, x := range targets {
		verdict := "met"
		if x.Measured > x.Most {
			verdict = "missed"
		}
		t = append(t, []string{x.Path, x.Number, number(x.Most), number(x.Measured), verdict})
	}
	return t
}

// number writes n with no more than three decimals.
func number(n float64) string {
	return strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
}
