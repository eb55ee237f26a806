package resilpage

import (
	"fmt"
	"strings"
	"time"
)

// Size of a spark line, in its own units. Below the ground are marks for the times when
// calls failed or were not sent: among many calls a few cannot be seen.
const (
	sparkWidth  = 120
	sparkHeight = 24
	marksTop    = 26
	marksEnd    = 30
)

// A spark is a small chart of the last minutes, as far as they are known. Its paths lie over
// each other: failed calls over those that were not sent, over all.
type spark struct {
	All, Refused, Failed string // paths; empty for nothing to draw
	RefusedAt, FailedAt  string // paths of marks
	From                 string // where it begins: "2 min ago"; empty for nothing known
	Top                  string // calls a second at its top; empty for none
	Label                string
}

func newSpark(r Recent) spark {
	line := r.Line[len(r.Line)-r.Known:]
	if len(line) == 0 {
		return spark{Label: "nothing is counted yet"}
	}
	top, failed, refused := 0.0, 0.0, 0.0
	for _, p := range line {
		top = max(top, p.Calls)
		failed += p.Failed
		refused += p.Refused
	}
	length := duration(time.Duration(len(line)) * bucketTime)
	s := spark{From: length + " ago"}
	if top == 0 {
		s.Label = "no calls in the last " + length
		return s
	}
	s.Top = perSecond(top)
	s.Label = fmt.Sprintf("calls in the last %s, %s a second at most", length, s.Top)
	s.All = area(line, top, func(p Point) float64 { return p.Calls })
	if refused > 0 {
		s.Label += ", some not sent"
		s.Refused = area(line, top, func(p Point) float64 { return p.Failed + p.Refused })
		s.RefusedAt = marks(line, func(p Point) bool { return p.Refused > 0 })
	}
	if failed > 0 {
		s.Label += ", some failed"
		s.Failed = area(line, top, func(p Point) float64 { return p.Failed })
		s.FailedAt = marks(line, func(p Point) bool { return p.Failed > 0 })
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

// marks is a path of a mark below each point that has something.
func marks(line []Point, has func(Point) bool) string {
	var b strings.Builder
	step := float64(sparkWidth) / float64(len(line))
	for i := 0; i < len(line); i++ {
		from := i
		for i < len(line) && has(line[i]) {
			i++
		}
		if i > from {
			fmt.Fprintf(&b, "M%.4g %dH%.4gV%dH%.4gZ", float64(from)*step, marksTop, float64(i)*step, marksEnd, float64(from)*step)
		}
	}
	return b.String()
}
