package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/jitter"
	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/plot"
	"github.com/resilgen/resilgen/internal/simulation"
)

// A writer plays scenarios, and writes the page on them and its pictures.
type writer struct {
	// bubble calls a function in virtual time. Runs follow one another, because they
	// share the source of jitter.
	bubble func(func())
	logf   func(format string, args ...any)
	played map[string]records

	page  strings.Builder
	files map[string]string // pictures, by their names in the folder of pages
}

// write writes behaviour.md and its pictures into dir.
func (w *writer) write(dir string) error {
	w.print(introduction)
	for _, section := range []func(){w.hang, w.partial, w.flapping, w.slowStart, w.impatient, w.openTime} {
		section()
	}
	w.files["behaviour.md"] = strings.TrimSpace(w.page.String()) + "\n"
	return page.WriteFiles(dir, w.files)
}

// play plays a scenario, which has that name, with each seed. It does so once only.
func (w *writer) play(name string, s simulation.Scenario) records {
	key := fmt.Sprintf("%s, %s, %s", name, fleet(s.Clients), s.Policy.Name)
	r, ok := w.played[key]
	if !ok {
		r.Scenario = s
		for seed := range uint64(seeds) {
			r.list = append(r.list, w.playOnce(s, seed+1))
		}
		w.played[key] = r
		w.logf("%s", key)
	}
	return r
}

func (w *writer) playOnce(s simulation.Scenario, seed uint64) (r *simulation.Record) {
	s.Seed = seed
	if jitter.Seed != nil {
		jitter.Seed(seed)
	}
	w.bubble(func() { r = s.Run() })
	return r
}

func fleet(clients int) string {
	if clients == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", clients)
}

// print prints a paragraph, a heading or a table.
func (w *writer) print(text any) {
	fmt.Fprintf(&w.page, "%s\n\n", strings.TrimSpace(fmt.Sprint(text)))
}

// draw draws goodput and load over time, in the first run of each of the records, whose
// scenarios differ in nothing but what names tells.
func (w *writer) draw(name, title string, list []records, names []string, change ...func(*plot.Picture)) {
	s := list[0].Scenario
	p := plot.Picture{Title: title, Lasts: s.Lasts, Step: time.Second, Curves: names}
	if s.Lasts > 3*time.Minute {
		p.Step = 5 * time.Second
	}
	if s.Ends > 0 {
		p.Faults = [][2]time.Duration{{s.Begins, s.Ends}}
	}
	goodput := plot.Panel{Title: "goodput: calls a second that succeed", Level: s.Rate, Name: "calls made"}
	load := plot.Panel{Title: "load: attempts a second that reach the backend"}
	if most := s.Backend.PerSecond(); most < 2*s.Rate && s.Backend.Capacity == nil {
		load.Level, load.Name = most, "what the backend can serve"
	}
	for _, r := range list {
		goodput.Series = append(goodput.Series, rates(r.list[0].Succeeded, p.Step))
		load.Series = append(load.Series, rates(r.list[0].Attempts, p.Step))
	}
	p.Panels = []plot.Panel{goodput, load}
	for _, f := range change {
		f(&p)
	}
	name = "behaviour/" + name
	w.files[name] = p.SVG()
	w.print(fmt.Sprintf("![%s](%s)", title, name))
}

func names(list []records) (names []string) {
	for _, r := range list {
		names = append(names, r.Policy.Name)
	}
	return names
}
