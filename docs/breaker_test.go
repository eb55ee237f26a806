package docs_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"html"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

var update = flag.Bool("update", false, "write what the pages take from the code")

// backend is guarded by a breaker with the default settings.
//
//resil:breaker
type backend interface {
	Call(ctx context.Context) error
}

// callee returns its error from every call.
type callee struct{ err error }

func (c *callee) Call(context.Context) error { return c.err }

// A transition is a change of state that the breaker has reported.
type transition struct{ from, to resil.State }

// A trial is a wrapper around a callee, and the transitions of its breaker.
type trial struct {
	t       *testing.T
	callee  callee
	wrapper *resilientBackend
	seen    []transition
}

func newTrial(t *testing.T, opts ...resil.Option) *trial {
	t.Helper()
	c := &trial{t: t}
	observe := resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Breaker != "" { // a change of state
			c.seen = append(c.seen, transition{e.From, e.To})
		}
	})
	w, err := newResilientBackend(&c.callee, append(opts, observe)...)
	if err != nil {
		t.Fatal(err)
	}
	c.wrapper = w
	return c
}

// flush waits until the transitions so far have been seen.
func (c *trial) flush() {
	if err := c.wrapper.Resilience().Flush(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// call makes n calls, all of which end with err.
func (c *trial) call(n int, err error) {
	c.callee.err = err
	for range n {
		if got := c.wrapper.Call(c.t.Context()); !errors.Is(got, err) {
			c.t.Errorf("a call ended with %v, want %v", got, err)
		}
	}
}

var (
	errFailed    = resil.Infra(errors.New("connection refused"))
	errThrottled = resil.Throttle(errors.New("busy"), time.Minute)
)

// enter brings a new breaker into a state.
var enter = map[resil.State]func(c *trial){
	resil.StateClosed: func(*trial) {},
	resil.StateOpen:   func(c *trial) { c.call(5, errFailed) },
	resil.StateHalfOpen: func(c *trial) {
		c.call(5, errFailed)
		time.Sleep(time.Minute) // open=30s, with jitter
		c.call(1, nil)          // one probe of two
	},
	resil.StateForcedOpen:   func(c *trial) { c.wrapper.Resilience().Breaker("backend").ForceOpen() },
	resil.StateForcedClosed: func(c *trial) { c.wrapper.Resilience().Breaker("backend").ForceClose() },
}

// observed drives breakers through their states and returns what causes each
// transition.
func observed(t *testing.T) map[transition][]string {
	found := map[transition][]string{}
	try := func(from resil.State, cause string, act func(c *trial), opts ...resil.Option) {
		synctest.Test(t, func(t *testing.T) {
			c := newTrial(t, opts...)
			enter[from](c)
			if got := c.wrapper.Resilience().Breaker("backend").State(); got != from {
				t.Fatalf("%s: the breaker is %s, want %s", cause, got, from)
			}
			c.flush()
			c.seen = nil
			act(c)
			c.flush()
			for _, tr := range c.seen {
				if tr.from != from {
					t.Errorf("%s: one act has led from %s over %s to %s", cause, from, tr.from, tr.to)
				}
				if !slices.Contains(found[tr], cause) {
					found[tr] = append(found[tr], cause)
				}
			}
		})
	}
	try(resil.StateClosed, "consecutive failures in a row", func(c *trial) { c.call(5, errFailed) })
	try(resil.StateClosed, "ratio of the window fails", func(c *trial) { c.call(5, nil); c.call(5, errFailed) },
		resil.WithOverrides(resil.Overrides{"backend": {"breaker": "consecutive=off"}}))
	try(resil.StateOpen, "open time is over", func(c *trial) { time.Sleep(time.Minute); c.call(1, nil) })
	try(resil.StateHalfOpen, "all probes succeed", func(c *trial) { c.call(1, nil) })
	try(resil.StateHalfOpen, "a probe fails", func(c *trial) { c.call(1, errFailed) })
	try(resil.StateHalfOpen, "a probe is throttled", func(c *trial) { c.call(1, errThrottled) })
	for _, from := range slices.Sorted(maps.Keys(enter)) {
		try(from, "ForceOpen", func(c *trial) { c.wrapper.Resilience().Breaker("backend").ForceOpen() })
		try(from, "ForceClose", func(c *trial) { c.wrapper.Resilience().Breaker("backend").ForceClose() })
		try(from, "Reset", func(c *trial) { c.wrapper.Resilience().Breaker("backend").Reset() })
	}
	return found
}

// TestBreakerDiagram compares docs/breaker.svg with the transitions that a real
// breaker makes.
func TestBreakerDiagram(t *testing.T) {
	got := drawing(t, observed(t))
	if *update {
		if err := os.WriteFile("breaker.svg", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("breaker.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("breaker.svg does not show what the breaker does; run go test ./docs -update and look at it. It would be:\n%s", got)
	}
}

// A box is where a state stands in the drawing.
type box struct {
	x, y int // its middle
	does string
}

const boxWidth, boxHeight = 170, 56

var boxes = map[resil.State]box{
	resil.StateClosed:       {130, 100, "calls pass, results count"},
	resil.StateOpen:         {610, 100, "calls are refused"},
	resil.StateHalfOpen:     {610, 260, "only probes pass"},
	resil.StateForcedOpen:   {610, 430, "calls are refused"},
	resil.StateForcedClosed: {130, 430, "calls pass, nothing counts"},
}

// automatic are the states that a breaker takes by itself.
var automatic = []resil.State{resil.StateClosed, resil.StateOpen, resil.StateHalfOpen}

// A line is where an arrow runs, and where its labels begin.
type line struct {
	x1, y1, x2, y2 int
	labelX, labelY int
	anchor         string // of the labels: start, middle or end
}

// lines has a place for each transition. Those that manual control makes from
// every automatic state begin at the frame around these.
var lines = map[transition]line{
	{resil.StateClosed, resil.StateOpen}:             {215, 90, 525, 90, 370, 62, "middle"},
	{resil.StateOpen, resil.StateClosed}:             {525, 110, 215, 110, 370, 130, "middle"},
	{resil.StateOpen, resil.StateHalfOpen}:           {595, 128, 595, 232, 585, 184, "end"},
	{resil.StateHalfOpen, resil.StateOpen}:           {625, 232, 625, 128, 637, 175, "start"},
	{resil.StateHalfOpen, resil.StateClosed}:         {525, 255, 205, 128, 350, 160, "start"},
	{resil.StateForcedOpen, resil.StateClosed}:       {540, 402, 160, 128, 352, 292, "end"},
	{resil.StateForcedClosed, resil.StateClosed}:     {100, 402, 100, 128, 110, 250, "start"},
	{resil.StateForcedOpen, resil.StateForcedClosed}: {525, 440, 215, 440, 370, 459, "middle"},
	{resil.StateForcedClosed, resil.StateForcedOpen}: {215, 420, 525, 420, 370, 410, "middle"},
}

// framed are the arrows that begin at the frame, by the state that they lead to.
var framed = map[resil.State]line{
	resil.StateForcedOpen:   {640, 315, 640, 402, 652, 362, "start"},
	resil.StateForcedClosed: {160, 315, 160, 402, 172, 362, "start"},
}

// The drawing brings its own background: what is around it may be light or dark
// whatever the reader's system says.
const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 490" width="820" height="490" role="img" aria-labelledby="title">
<title id="title">States of a circuit breaker</title>
<style>
text { font: 13px sans-serif; fill: #1f2328; }
.state { font-weight: bold; font-size: 15px; }
.does { font-size: 12px; fill: #57606a; }
.page { fill: #ffffff; }
.box { fill: #f6f8fa; stroke: #57606a; }
.frame { fill: none; stroke: #8c959f; stroke-dasharray: 5 4; }
.line { stroke: #57606a; stroke-width: 1.5; fill: none; }
.tip { fill: #57606a; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.does { fill: #9ea7b3; }
.page { fill: #0d1117; }
.box { fill: #21262d; stroke: #9ea7b3; }
.frame { stroke: #6e7681; }
.line { stroke: #9ea7b3; }
.tip { fill: #9ea7b3; }
}
</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>
<rect class="page" width="820" height="490"/>
<rect class="frame" x="25" y="25" width="770" height="290" rx="12"/>
`

// drawing draws the transitions, each with its causes.
func drawing(t *testing.T, found map[transition][]string) []byte {
	var svg bytes.Buffer
	svg.WriteString(svgHead)
	for _, state := range slices.Sorted(maps.Keys(boxes)) {
		b := boxes[state]
		fmt.Fprintf(&svg, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", b.x-boxWidth/2, b.y-boxHeight/2, boxWidth, boxHeight)
		fmt.Fprintf(&svg, "<text class=\"state\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", b.x, b.y-3, state)
		fmt.Fprintf(&svg, "<text class=\"does\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", b.x, b.y+16, b.does)
	}
	arrow := func(l line, causes []string) {
		fmt.Fprintf(&svg, "<path class=\"line\" marker-end=\"url(#tip)\" d=\"M%d %d %d %d\"/>\n", l.x1, l.y1, l.x2, l.y2)
		for k, cause := range causes {
			fmt.Fprintf(&svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", l.labelX, l.labelY+16*k, l.anchor, html.EscapeString(cause))
		}
	}
	for _, to := range slices.Sorted(maps.Keys(framed)) {
		causes := found[transition{resil.StateClosed, to}]
		for _, from := range automatic {
			tr := transition{from, to}
			if !slices.Equal(found[tr], causes) || len(causes) == 0 {
				t.Errorf("from %s to %s leads %q, and from closed %q: the drawing has one arrow for both", from, to, found[tr], causes)
			}
			delete(found, tr)
		}
		arrow(framed[to], causes)
	}
	byStates := func(a, b transition) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) }
	for _, tr := range slices.SortedFunc(maps.Keys(found), byStates) {
		l, ok := lines[tr]
		if !ok {
			t.Errorf("the drawing has no place for an arrow from %s to %s: %s", tr.from, tr.to, strings.Join(found[tr], ", "))
			continue
		}
		arrow(l, found[tr])
	}
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}
