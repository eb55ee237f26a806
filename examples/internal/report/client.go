package report

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// Observe prints the retries of r.Client and, before the next check, the changes of its
// breakers. It is a [resil.Observer] for a program that makes its calls one after the
// other.
func (r *Report) Observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventRetryScheduled:
		cause := e.Class.String()
		if e.Err != nil { // a result can be a failure too
			cause += ": " + e.Err.Error()
		}
		fmt.Fprintf(r.W, "    attempt %d failed, the next in %s: %s\n", e.Attempt-1, e.Delay.Round(time.Millisecond), cause)
	case resil.EventStateChanged:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes = append(r.changes, fmt.Sprintf("%s: %s → %s", e.Breaker, e.From, e.To))
	}
}

// printChanges prints the changes of state since it was last called. They come on a
// goroutine of their own.
func (r *Report) printChanges() {
	if r.Client != nil {
		r.Client.Flush(context.Background())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, change := range r.changes {
		fmt.Fprintf(r.W, "    breaker %s\n", change)
	}
	r.changes = nil
}

// Stats prints what a client has counted.
func (r *Report) Stats(stats resil.Stats) {
	r.Section("Statistics")
	t := tabwriter.NewWriter(r.W, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcalls\tsucceeded\tfailed\tgiven up\tattempts\tretries\tsaved by a retry\trefused\t")
	for _, m := range stats.Methods {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", m.Name,
			m.Calls, m.Succeeded, m.Failed, m.Exhausted, m.Attempts, m.Retries, m.RetriedSuccesses, m.Open)
	}
	t.Flush()
}
