package page

import (
	"math"
	"strconv"
)

// A Target is a number that must not exceed a limit.
type Target struct {
	Path     string  // what was measured
	Number   string  // which of its numbers
	Most     float64 // the limit
	Measured float64 // the number itself
}

// Targets returns a table that shows which targets are met.
func Targets(targets []Target) Table {
	t := Table{{"path", "number", "at most", "measured", ""}}
	for _, x := range targets {
		status := "met"
		if x.Measured > x.Most {
			status = "missed"
		}
		t = append(t, []string{x.Path, x.Number, number(x.Most), number(x.Measured), status})
	}
	return t
}

// number returns n with at most three decimals.
func number(n float64) string {
	return strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
}
