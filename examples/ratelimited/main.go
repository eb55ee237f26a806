// Command ratelimited shows rate limits, retries and a circuit breaker. They guard a
// service in the same process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ratelimited:", err)
		os.Exit(1)
	}
}

// A demo has a geocoder and its wrapper.
type demo struct {
	report.Report
	service *geocoder
	guarded *ResilientGeocoder

	delays  []time.Duration // before retries, since the last check of them
	changes []string        // of the breaker's state
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer) (err error) {
	d := &demo{Report: report.Report{W: w}, service: new(geocoder)}
	d.guarded, err = NewResilientGeocoder(d.service, resil.WithObserver(d.observe))
	if err != nil {
		return err
	}
	d.refuse()
	d.wait()
	d.retry()
	d.breaker()
	printMetrics(w, d.guarded.Resilience().Stats())
	return d.Err()
}

// observe keeps what the checks need of the events. It needs no lock, because the
// calls that have such events are made one after the other, and so are changes of state.
func (d *demo) observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventRetryScheduled:
		d.delays = append(d.delays, e.Delay)
	case resil.EventStateChanged:
		d.changes = append(d.changes, fmt.Sprintf("%s → %s", e.From, e.To))
	}
}

func (d *demo) refuse() {
	ctx := context.Background()
	d.Section("Five calls where three are allowed in three seconds")
	var left time.Duration
	for n := range 5 {
		answer, err := d.guarded.Locate(ctx, "1 Main Street")
		if n < 3 {
			d.Check(err == nil, "admitted: %s", outcome(answer, err))
			continue
		}
		left = retryAfter(err)
		d.Check(errors.Is(err, resil.ErrLimited) && left > 0 && left <= time.Second, "refused: %s", outcome(answer, err))
	}
	called := d.service.called()
	d.Check(called == 3, "calls that reached the geocoder: %d", called)

	time.Sleep(left)
	answer, err := d.guarded.Locate(ctx, "1 Main Street")
	d.Check(err == nil, "admitted after that time: %s", outcome(answer, err))
	d.service.called()
}

func (d *demo) wait() {
	d.Section("Fifteen callers at once where one is allowed every 50ms, and they may wait")
	start := time.Now()
	var answered atomic.Int64
	var wg sync.WaitGroup
	for range 15 { // a fifth of the answers is what retries may use later on, and a reserve of ten
		wg.Go(func() {
			if _, err := d.guarded.Reverse(context.Background(), "40°N 74°W"); err == nil {
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	refused := d.guarded.Resilience().Stats().Method("Reverse").Limited
	d.Check(answered.Load() == 15 && refused == 0, "answered: %d, refused: %d, after %s in all",
		answered.Load(), refused, time.Since(start).Round(time.Millisecond))
	d.service.called()
}

func (d *demo) retry() {
	ctx := context.Background()
	const ms = time.Millisecond
	for _, m := range []struct {
		title string
		call  func(context.Context, string) (string, error)
		right func(delays []time.Duration) bool
	}{
		{"The same pause before each retry", d.guarded.Distance, func(delays []time.Duration) bool {
			return slices.Equal(delays, []time.Duration{20 * ms, 20 * ms, 20 * ms})
		}},
		{"Pauses that double", d.guarded.Route, func(delays []time.Duration) bool {
			return slices.Equal(delays, []time.Duration{20 * ms, 40 * ms, 80 * ms})
		}},
		{"A random part of pauses that double", d.guarded.Traffic, func(delays []time.Duration) bool {
			return len(delays) == 3 && delays[0] <= 20*ms && delays[1] <= 40*ms && delays[2] <= 80*ms
		}},
	} {
		d.Section(m.title)
		d.service.fail(3)
		answer, err := m.call(ctx, "1 Main Street")
		called := d.service.called()
		d.Check(err == nil && called == 4, "the fourth call succeeds: %s", outcome(answer, err))
		d.Check(m.right(d.delays), "pauses: %v", d.delays)
		d.delays = nil
	}

	d.Section("An application error")
	answer, err := d.guarded.Route(ctx, nowhere)
	called := d.service.called()
	d.Check(errors.Is(err, errNoAddress) && called == 1, "not repeated, calls: %d: %s", called, outcome(answer, err))
}

func (d *demo) breaker() {
	ctx := context.Background()
	d.Section("The geocoder fails: five failures in a row open the breaker")
	d.service.fail(1000)
	for _, want := range []struct {
		reason error
		calls  int
	}{
		{resil.ErrExhausted, 4},
		{resil.ErrOpen, 1}, // the fifth failure; the retry is refused
		{resil.ErrOpen, 0},
	} {
		_, err := d.guarded.Distance(ctx, "1 Main Street")
		called := d.service.called()
		d.Check(errors.Is(err, want.reason) && called == want.calls, "calls: %d: %v", called, err)
	}
	_, err := d.guarded.Route(ctx, "1 Main Street")
	left := retryAfter(err)
	d.Check(errors.Is(err, resil.ErrOpen) && left > 0, "the breaker guards all methods: %v", err)

	d.Section("The geocoder works again")
	d.service.fail(0)
	time.Sleep(left)
	answer, err := d.guarded.Distance(ctx, "1 Main Street")
	state := d.guarded.Resilience().Stats().Breaker("Geocoder").State
	d.Check(err == nil && state == resil.StateClosed, "after that time: %s; the breaker is %s", outcome(answer, err), state)
	d.guarded.Resilience().Flush(context.Background()) // they come on a goroutine of their own
	changes := strings.Join(d.changes, ", ")
	d.Check(changes == "closed → open, open → half-open, half-open → closed", "the breaker's changes: %s", changes)
}

// outcome returns the result of a call as text.
func outcome(answer string, err error) string {
	if err != nil {
		return err.Error()
	}
	return answer
}

// retryAfter returns the time after which a refused call may be admitted.
func retryAfter(err error) time.Duration {
	var refused *resil.Error
	if !errors.As(err, &refused) {
		return 0
	}
	return refused.RetryAfter()
}

func printMetrics(w io.Writer, stats resil.Stats) {
	fmt.Fprintf(w, "\nStatistics\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcalls\tsucceeded\tfailed\tlimited\topen\tgiven up\tattempts\tretries\tsaved by a retry\t")
	for _, m := range stats.Methods {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", m.Name,
			m.Calls, m.Succeeded, m.Failed, m.Limited, m.Open, m.Exhausted, m.Attempts, m.Retries, m.RetriedSuccesses)
	}
	t.Flush()
}
