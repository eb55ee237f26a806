// Command ratelimited shows rate limits, retries and a circuit breaker around a
// service that is called in the same process.
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

	"github.com/resilgen/resilgen/examples/internal/story"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ratelimited:", err)
		os.Exit(1)
	}
}

// A demo is a geocoder and its guarded self.
type demo struct {
	story.Story
	service *geocoder
	guarded *ResilientGeocoder

	delays  []time.Duration // before retries, since they were last looked at
	changes []string        // of the breaker's state
}

// run tells w the story, and fails if it does not come true.
func run(w io.Writer) (err error) {
	d := &demo{Story: story.Story{W: w}, service: new(geocoder)}
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

// observe notes what is told of later. Calls whose events it notes come one at a
// time.
func (d *demo) observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.RetryScheduled:
		d.delays = append(d.delays, e.Delay)
	case resil.StateChanged:
		d.changes = append(d.changes, fmt.Sprintf("%s → %s", e.From, e.To))
	}
}

func (d *demo) refuse() {
	ctx := context.Background()
	d.Title("Five calls where three are allowed in three seconds")
	var left time.Duration
	for n := range 5 {
		answer, err := d.guarded.Locate(ctx, "1 Main Street")
		if n < 3 {
			d.Line(err == nil, "admitted: %s", said(answer, err))
			continue
		}
		left = retryAfter(err)
		d.Line(errors.Is(err, resil.ErrLimited) && left > 0 && left <= time.Second, "refused: %s", said(answer, err))
	}
	called := d.service.called()
	d.Line(called == 3, "calls that the geocoder has seen: %d", called)

	time.Sleep(left)
	answer, err := d.guarded.Locate(ctx, "1 Main Street")
	d.Line(err == nil, "admitted after the time that was left: %s", said(answer, err))
	d.service.called()
}

func (d *demo) wait() {
	d.Title("Five callers at once where one is allowed every 50ms, and they may wait")
	start := time.Now()
	var answered atomic.Int64
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := d.guarded.Reverse(context.Background(), "40°N 74°W"); err == nil {
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	refused := d.guarded.Resilience().Stats().Method("Reverse").Limited
	d.Line(answered.Load() == 5 && refused == 0, "answered: %d, refused: %d, after %s in all",
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
		d.Title(m.title)
		d.service.fail(3)
		answer, err := m.call(ctx, "1 Main Street")
		called := d.service.called()
		d.Line(err == nil && called == 4, "the fourth call succeeds: %s", said(answer, err))
		d.Line(m.right(d.delays), "pauses: %v", d.delays)
		d.delays = nil
	}

	d.Title("An answer that is no success")
	answer, err := d.guarded.Route(ctx, nowhere)
	called := d.service.called()
	d.Line(errors.Is(err, errNoAddress) && called == 1, "not repeated, calls: %d: %s", called, said(answer, err))
}

func (d *demo) breaker() {
	ctx := context.Background()
	d.Title("The geocoder fails: five failures in a row open the breaker")
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
		d.Line(errors.Is(err, want.reason) && called == want.calls, "calls: %d: %v", called, err)
	}
	_, err := d.guarded.Route(ctx, "1 Main Street")
	left := retryAfter(err)
	d.Line(errors.Is(err, resil.ErrOpen) && left > 0, "the breaker is for all methods: %v", err)

	d.Title("The geocoder is well again")
	d.service.fail(0)
	time.Sleep(left)
	answer, err := d.guarded.Distance(ctx, "1 Main Street")
	state := d.guarded.Resilience().Stats().Breaker("Geocoder").State
	d.Line(err == nil && state == resil.StateClosed, "after the time that was left: %s; the breaker is %s", said(answer, err), state)
	changes := strings.Join(d.changes, ", ")
	d.Line(changes == "closed → open, open → half-open, half-open → closed", "its changes: %s", changes)
}

// said is what a call came to, in words.
func said(answer string, err error) string {
	if err != nil {
		return err.Error()
	}
	return answer
}

// retryAfter is the time until a refused call may be let through.
func retryAfter(err error) time.Duration {
	var refused *resil.Error
	if !errors.As(err, &refused) {
		return 0
	}
	return refused.RetryAfter()
}

func printMetrics(w io.Writer, stats resil.Stats) {
	fmt.Fprintf(w, "\nWhat was counted\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcalls\tsucceeded\tfailed\tlimited\topen\tgiven up\tattempts\tretries\tsaved by a retry\t")
	for _, m := range stats.Methods {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", m.Name,
			m.Calls, m.Succeeded, m.Failed, m.Limited, m.Open, m.Exhausted, m.Attempts, m.Retries, m.RetriedSuccesses)
	}
	t.Flush()
}
