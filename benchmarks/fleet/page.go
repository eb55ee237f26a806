//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/plot"
)

// What was measured stands between these lines of docs/fleet.md.
const (
	begins = "<!-- Written by make fleet. Do not edit what follows. -->\n"
	ends   = "<!-- The end of what make fleet writes. -->\n"
)

// write puts the section on what was measured into fleet.md in dir, and its pictures beside it.
func write(dir string, all []*record, n *news) error {
	path := filepath.Join(dir, "fleet.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begins)
	_, after, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the lines between which measurements are written:\n%s%s", path, begins, ends)
	}
	pictures := map[string]plot.Picture{
		"redis.svg":     draw("What gets through while Redis has a fault", all, func(r *record) bool { return r.fault != nil && !r.own }),
		"processes.svg": draw("What gets through while two of eight processes have a fault", all, func(r *record) bool { return r.own }),
	}
	if err := os.MkdirAll(filepath.Join(dir, "fleet"), 0o755); err != nil {
		return err
	}
	var errs []error
	for name, p := range pictures {
		errs = append(errs, os.WriteFile(filepath.Join(dir, "fleet", name), []byte(p.SVG()), 0o644))
	}
	section := section(all, n, pictures)
	return errors.Join(append(errs, os.WriteFile(path, []byte(before+begins+"\n"+section+"\n"+ends+after), 0o644))...)
}

func section(all []*record, n *news, pictures map[string]plot.Picture) string {
	var b strings.Builder
	print := func(text any) { fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(fmt.Sprint(text))) }
	quiet := all[0]
	print(fmt.Sprintf(`
Eight processes with generated clients call one backend, at random times, through a limit of %s/s with a burst of
%d, twice as often as it allows. Redis is redis-server %s. All ran on one machine with %d processors, which had other
work too. A fault lasts %.0f seconds. The backend counts what reaches it.`,
		thousands(quiet.limit), quiet.burst, quiet.version, runtime.NumCPU(), quiet.faulty.Seconds()))

	table := page.Table{{"share of the limit", "before", "during", "after", "worst second", "bound", "worst 200 ms", "bound", "all without Redis after", "all back after", "least by mean"}}
	for _, r := range all {
		arrived, _ := r.times()
		from := r.begin.Add(r.warm)
		row := []string{r.name, percent(r.of(from, r.broken)), percent(r.of(r.broken, r.healed)), percent(r.of(r.healed, r.end))}
		if r.fault == nil {
			row = []string{r.name, percent(r.of(from, r.end)), "", ""}
		}
		for _, w := range windows {
			row = append(row, thousands(worst(arrived, w)), thousands(int(r.bound(w, r.share))))
		}
		lost, back := "", ""
		if r.loses > 0 {
			lost, back = fmt.Sprintf("%.2f s", r.lost.Seconds()), fmt.Sprintf("%.1f s", r.back.Seconds())
		}
		table = append(table, append(row, lost, back, fmt.Sprintf("%.2f", r.fairness(from, r.end))))
	}
	print(table)
	print(`
The bound is that of [above](#what-is-admitted-at-most), and where it applies, one burst more of a Redis that has forgotten,
and the parts of processes that have lost Redis while others have not: up to seven of eight, while
they lose it and find it again one after the other. The last column leaves out the two processes that have the fault.`)
	for _, name := range []string{"redis.svg", "processes.svg"} {
		print(fmt.Sprintf("![%s](fleet/%s)", pictures[name].Title, name))
	}

	print(`
How long calls waited for their guards before they got through, or took to be refused. No call waits for Redis
longer than 5 ms. What is above that is the machine: so late it was, at the same time, with the ends of sleeps.`)
	table = page.Table{{"", "got through: half of them", "99 %", "99.9 %", "above 5 ms", "refused: 99 %", "99.9 %", "sleeps: 99 %", "99.9 %", "above 5 ms"}}
	for _, r := range all {
		through, refused, late := r.waits()
		row := []string{r.name, short(quantile(through, 0.5)), short(quantile(through, 0.99)), short(quantile(through, 0.999)), above(through)}
		if len(refused) > 0 {
			row = append(row, short(quantile(refused, 0.99)), short(quantile(refused, 0.999)))
		} else {
			row = append(row, "", "")
		}
		table = append(table, append(row, short(quantile(late, 0.99)), short(quantile(late, 0.999)), above(late)))
	}
	print(table)
	print(fmt.Sprintf(`
Redis ran %.3f scripts for each call that was made at twice the limit, and %.3f at half of it,
one a second for each process among them.`,
		float64(quiet.trips)/float64(quiet.offered()), float64(all[1].trips)/float64(all[1].offered())))

	table = page.Table{{"until a process had heard", "half of them", "the last"}}
	for _, row := range []struct {
		name string
		list []time.Duration
	}{
		{"of an order that forces a breaker open", n.forced},
		{"of an order that applies overrides", n.applied},
		{"that the breakers of two others had opened, and was half-open", n.suspected},
	} {
		table = append(table, []string{row.name, short(quantile(row.list, 0.5)), short(quantile(row.list, 1))})
	}
	print(table)
	return strings.TrimSpace(b.String()) + "\n"
}

// draw draws what gets through in some scenarios.
func draw(title string, all []*record, is func(*record) bool) plot.Picture {
	const step = 200 * time.Millisecond
	p := plot.Picture{Title: title, Step: step, Curves: []string{"all eight processes", "the last two of them"}}
	for _, r := range all {
		if !is(r) {
			continue
		}
		from := r.begin.Add(r.warm)
		p.Lasts = r.calm + r.faulty + r.after
		p.Faults = [][2]time.Duration{{r.calm, r.calm + r.faulty}}
		curves := make([][]float64, 2)
		for at := from; !at.Add(step).After(from.Add(p.Lasts)); at = at.Add(step) {
			for i, counts := range []func(arrival) bool{
				func(arrival) bool { return true },
				func(a arrival) bool { return a.process >= processes-apart },
			} {
				curves[i] = append(curves[i], float64(r.count(at, at.Add(step), counts))/step.Seconds())
			}
		}
		p.Panels = append(p.Panels, plot.Panel{Title: r.name + ": calls a second", Series: curves, Level: float64(r.limit), Name: "the limit"})
	}
	return p
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func short(d time.Duration) string {
	if d < 100*time.Microsecond {
		return fmt.Sprintf("%.3f ms", d.Seconds()*1000)
	}
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}

// above is the share of the durations that is above what a call waits for Redis.
func above(sorted []time.Duration) string {
	n := 0
	for _, d := range sorted {
		if d > 5*time.Millisecond {
			n++
		}
	}
	return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(len(sorted), 1)))
}
