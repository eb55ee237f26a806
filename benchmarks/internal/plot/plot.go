// Package plot draws the pictures of the pages.
package plot

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Picture shows curves over time, or over other places, in panels, one below the other, with the same curves
// in each.
type Picture struct {
	Title  string
	Lasts  time.Duration      // the horizontal axis
	Step   time.Duration      // between two values of a curve
	Places []string           // on the horizontal axis in place of seconds, one for each Step
	Axis   string             // what these are
	Faults [][2]time.Duration // shaded
	Curves []string           // the names, four at most
	Panels []Panel
}

// A Panel is one diagram of a picture.
type Panel struct {
	Title  string
	Series [][]float64 // values since the start, for each curve
	Level  float64     // a dotted line to compare with, if Name is not empty
	Name   string      // of that line
}

const (
	plotWidth    = 820
	plotLeft     = 64
	plotRight    = 20
	panelHeight  = 170
	panelGap     = 66
	firstPanel   = 76 // below title and legend
	belowPanels  = 46 // for the time axis
	legendBegins = 44
)

const plotStyle = `text { font: 13px sans-serif; fill: #1f2328; }
.title { font-weight: bold; font-size: 15px; }
.axis { font-size: 12px; fill: #57606a; }
.page { fill: #ffffff; }
.fault { fill: #d1242f; fill-opacity: 0.13; }
.grid { stroke: #d0d7de; }
.level { stroke: #57606a; stroke-dasharray: 2 3; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.c0 { stroke: #0969da; }
.c1 { stroke: #bc4c00; }
.c2 { stroke: #1a7f37; stroke-dasharray: 8 5; }
.c3 { stroke: #8250df; stroke-dasharray: 2 4; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.axis { fill: #9ea7b3; }
.page { fill: #0d1117; }
.fault { fill: #ff7b72; fill-opacity: 0.2; }
.grid { stroke: #30363d; }
.level { stroke: #9ea7b3; }
.c0 { stroke: #58a6ff; }
.c1 { stroke: #f0883e; }
.c2 { stroke: #56d364; }
.c3 { stroke: #d2a8ff; }
}
`

// SVG draws the picture. The same picture gives the same text.
func (p Picture) SVG() string {
	height := firstPanel + len(p.Panels)*panelHeight + (len(p.Panels)-1)*panelGap + belowPanels
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%d" role="img" aria-labelledby="title">`+"\n", plotWidth, height, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<style>\n%s</style>\n", html.EscapeString(p.Title), plotStyle)
	fmt.Fprintf(&b, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", plotWidth, height)
	label(&b, "title", plotLeft, 24, "start", p.Title)
	at := plotLeft
	for i, name := range p.Curves {
		fmt.Fprintf(&b, "<path class=\"curve c%d\" d=\"M%d %dh26\"/>\n", i, at, legendBegins-4)
		label(&b, "", float64(at+32), legendBegins, "start", name)
		at += 32 + textWidth(name) + 18
	}
	for i, panel := range p.Panels {
		p.draw(&b, panel, float64(firstPanel+i*(panelHeight+panelGap)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// textWidth is about how wide a text of the legend is.
func textWidth(s string) int { return len(s) * 7 }

// draw draws a panel whose upper edge is at top.
func (p Picture) draw(b *strings.Builder, panel Panel, top float64) {
	const right = plotWidth - plotRight
	bottom := top + panelHeight
	x := func(at time.Duration) float64 { return plotLeft + at.Seconds()/p.Lasts.Seconds()*(right-plotLeft) }
	most := max(panel.Level, 1)
	var curves [][]float64
	for _, series := range panel.Series {
		curves = append(curves, series[:min(len(series), int(p.Lasts/p.Step))])
		most = max(most, slices.Max(curves[len(curves)-1]))
	}
	step := tick(most, 5)
	most = math.Ceil(most/step) * step
	y := func(v float64) float64 { return bottom - v/most*panelHeight }

	title := panel.Title
	if panel.Name != "" {
		title += " (dotted line: " + panel.Name + ")"
	}
	label(b, "", plotLeft, top-8, "start", title)
	for _, f := range p.Faults {
		from, to := x(f[0]), x(min(f[1], p.Lasts))
		fmt.Fprintf(b, "<rect class=\"fault\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%d\"/>\n", coordinate(from), coordinate(top), coordinate(to-from), panelHeight)
	}
	for v := 0.0; v <= most; v += step {
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M%d %sH%d\"/>\n", plotLeft, coordinate(y(v)), right)
		label(b, "axis", plotLeft-8, y(v)+4, "end", strconv.FormatFloat(v, 'f', -1, 64))
	}
	if p.Places != nil {
		for i, name := range p.Places {
			label(b, "axis", x(time.Duration(i)*p.Step+p.Step/2), bottom+18, "middle", name)
		}
		label(b, "axis", right, bottom+34, "end", p.Axis)
	} else {
		every := time.Duration(tick(p.Lasts.Seconds(), 10)) * time.Second
		for at := time.Duration(0); at <= p.Lasts; at += every {
			fmt.Fprintf(b, "<path class=\"grid\" d=\"M%s %sV%s\"/>\n", coordinate(x(at)), coordinate(bottom), coordinate(bottom+5))
			label(b, "axis", x(at), bottom+18, "middle", strconv.Itoa(int(at/time.Second)))
		}
		label(b, "axis", right, bottom+34, "end", "seconds")
	}
	if len(p.Faults) > 0 {
		label(b, "axis", plotLeft, bottom+34, "start", "shaded: the fault")
	}
	if panel.Name != "" {
		fmt.Fprintf(b, "<path class=\"level\" d=\"M%d %sH%d\"/>\n", plotLeft, coordinate(y(panel.Level)), right)
	}
	for i, series := range curves {
		fmt.Fprintf(b, "<path class=\"curve c%d\" d=\"", i)
		command := "M"
		for n, v := range series {
			middle := time.Duration(n)*p.Step + p.Step/2
			fmt.Fprintf(b, "%s%s %s", command, coordinate(x(middle)), coordinate(y(v)))
			command = "L"
		}
		b.WriteString("\"/>\n")
	}
}

func label(b *strings.Builder, class string, x, y float64, anchor, text string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	fmt.Fprintf(b, "<text%s x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>\n", class, coordinate(x), coordinate(y), anchor, html.EscapeString(text))
}

func coordinate(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// tick returns a round distance of at most so many ticks from 0 to most.
func tick(most float64, ticks int) float64 {
	for step := 1.0; ; step *= 10 {
		for _, s := range []float64{step, 2 * step, 5 * step} {
			if s*float64(ticks) >= most {
				return s
			}
		}
	}
}
