package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/jitter"
	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/plot"
)

// A writer plays scenarios, and writes the page on them and its pictures.
type writer struct {
	logf   func(format string, args ...any)
	played map[string]*Record

	page  strings.Builder
	files map[string]string // by their names in the folder of pages
}

// write writes fleet-figures.md and its pictures into dir.
func (w *writer) write(dir string) error {
	w.print(introduction)
	for _, section := range []func(){w.growth, w.fairness, w.uneven, w.troubles, w.beyond} {
		section()
	}
	w.files["fleet-figures.md"] = strings.TrimSpace(w.page.String()) + "\n"
	return page.WriteFiles(dir, w.files)
}

// play plays a scenario once.
func (w *writer) play(s Scenario) *Record {
	s.Seed = 1
	key := fmt.Sprintf("%+v", s)
	r, ok := w.played[key]
	if !ok {
		if jitter.Seed != nil {
			jitter.Seed(s.Seed)
		}
		r = s.Run()
		w.played[key] = r
		w.logf("%d processes, %.0f a second", s.Processes, s.Rate)
	}
	return r
}

// print prints a paragraph, a heading or a table.
func (w *writer) print(text any) {
	fmt.Fprintf(&w.page, "%s\n\n", strings.TrimSpace(fmt.Sprint(text)))
}

func (w *writer) draw(name string, p plot.Picture) {
	name = "fleet-figures/" + name
	w.files[name] = p.SVG()
	w.print(fmt.Sprintf("![%s](%s)", p.Title, name))
}

// whole is a number with commas between thousands.
func whole(n float64) string {
	s := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func share(n float64) string {
	if n < 0.01 {
		return fmt.Sprintf("%.1f %%", 100*n)
	}
	return fmt.Sprintf("%.0f %%", 100*n)
}

func seconds(d time.Duration) string {
	switch {
	case d == Never:
		return "never"
	case d < Step:
		return "at once"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
