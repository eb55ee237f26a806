package resilpage

import (
	"fmt"
	"strings"
)

// Size of a spark line, in its own units.
const (
	sparkWidth  = 120
	sparkHeight = 24
)

// A spark is a small chart of the last minutes. Its paths lie over each other: failed calls
// over those that were refused, over all.
type spark struct {
	All, Refused, Failed string // paths; empty for nothing to draw
	Label                string
}

func newSpark(line []Point) spark {
	top, failed, refused := 0.0, 0.0, 0.0
	for _, p := range line {
		top = max(top, p.Calls)
		failed += p.Failed
		refused += p.Refused
	}
	s := spark{Label: "no calls in the last five minutes"}
	if top == 0 {
		return s
	}
	s.Label = fmt.Sprintf("calls in the last five minutes, %s a second at most", perSecond(top))
	s.All = area(line, top, func(p Point) float64 { return p.Calls })
	if refused > 0 {
		s.Label += ", some refused"
		s.Refused = area(line, top, func(p Point) float64 { return p.Failed + p.Refused })
	}
	if failed > 0 {
		s.Label += ", some failed"
		s.Failed = area(line, top, func(p Point) float64 { return p.Failed })
	}
	return s
}

// area is a path of steps, a step for each point, from the ground up.
func area(line []Point, top float64, value func(Point) float64) string {
	var b strings.Builder
	step := float64(sparkWidth) / float64(len(line))
	height := float64(sparkHeight)
	fmt.Fprintf(&b, "M0 %d", sparkHeight)
	for i, p := range line {
		v := value(p)
		y := sparkHeight - v/top*(sparkHeight-1)
		if v > 0 {
			y = min(y, sparkHeight-1.5) // a single failure is seen beside a thousand calls
		}
		if y != height {
			fmt.Fprintf(&b, "H%.4gV%.3g", float64(i)*step, y)
			height = y
		}
	}
	fmt.Fprintf(&b, "H%dV%dZ", sparkWidth, sparkHeight)
	return b.String()
}
