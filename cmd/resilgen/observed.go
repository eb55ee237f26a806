package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/resilgen/resilgen/generator/explain"
	"github.com/resilgen/resilgen/internal/directive"
)

// addObserved adds to interfaces what the clients in a file of profiles have seen. What in
// the file matches nothing goes to stderr.
func addObserved(interfaces []explain.Interface, path string, stderr io.Writer) (code int) {
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	profiles, err := explain.ReadProfiles(text)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %s: %v\n", path, err)
		return 2
	}
	unmatched, matched := explain.Observe(interfaces, profiles)
	for _, u := range unmatched {
		fmt.Fprintf(stderr, "resilgen: %s: %s\n", path, u)
	}
	if !matched {
		fmt.Fprintf(stderr, "resilgen: %s says nothing of these packages\n", path)
		return 1
	}
	return 0
}

// printObservation prints what has been seen of an interface, and what follows from it.
func printObservation(w io.Writer, format string, o *explain.Observation) {
	if o == nil {
		return
	}
	escape, bullet, code := func(text string) string { return text }, "  ", ""
	if format == "markdown" {
		escape, bullet, code = escapeMarkdown, "- ", "`"
	}
	looked := time.Duration(min(o.Seconds, 1e9) * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(w, "\nseen by %s in %s:\n\n", escape(directive.All(o.Clients)), directive.Duration(looked))
	rows := table{{"METHOD", "CALLS", "ANSWERED", "P50", "P99", "P99.9", "ATTEMPT P99", "TIMED OUT", "PER SECOND", "MOST", "AT ONCE"}}
	if format == "markdown" {
		rows = table{{"method", "calls", "answered", "p50", "p99", "p99.9", "attempt p99", "timed out", "per second", "most", "at once"}}
	}
	for _, m := range o.Methods {
		rows = append(rows, []string{
			m.Name, strconv.FormatUint(m.Calls, 10), strconv.FormatUint(m.Answered, 10),
			seen(m.Call.P50), seen(m.Call.P99), seen(m.Call.P999), seen(m.Attempt.P99), strconv.FormatUint(m.TimedOut, 10),
			strconv.FormatFloat(m.PerSecond, 'f', -1, 64), strconv.FormatUint(m.InSecond, 10), strconv.FormatUint(m.AtOnce, 10),
		})
	}
	if format == "markdown" {
		rows.markdown(w)
	} else {
		rows.text(w)
	}
	for _, p := range o.Proposals {
		fmt.Fprintf(w, "\nabove %s write %s%s%s\n", escape(p.Place), code, p.Line, code)
		if format == "markdown" {
			fmt.Fprintln(w)
		}
		for _, c := range p.Changes {
			from := c.From
			if from == "" {
				from = "not set"
			}
			fmt.Fprintf(w, "%s%s\n", bullet, escape(fmt.Sprintf("%s %s → %s: %s", c.Key, from, c.To, c.Reason)))
		}
	}
	if len(o.Proposals) == 0 {
		fmt.Fprintln(w, "\nno number is off by enough to matter")
	}
	for k, note := range o.Notes {
		if k == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s%s\n", map[bool]string{true: "- ", false: "note: "}[format == "markdown"], escape(note))
	}
}

// seen is a duration that was seen, with three digits; – where it is not known.
func seen(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return directive.Rounded(d)
}
