// Command quickstart compares resilient clients with plain ones. It starts a user
// service on a loopback port, makes the service fail in several ways, and calls it
// through plain clients and through the generated wrappers of the same clients.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	page := flag.Bool("page", false, "at the end, serve a page of the wrappers and repeat the phases until interrupted")
	flag.Parse()
	var then func(*demo) error
	if *page {
		then = func(d *demo) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			return d.servePage(ctx)
		}
	}
	if _, err := run(os.Stdout, then); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// A demo has the service and its clients.
type demo struct {
	w       io.Writer
	service *backend
	http    *httpUsers
	plain   clients         // http
	wrapped clients         // the wrappers of http
	resil   *resil.Registry // of the wrappers
}

// A result is the result of a phase.
type result struct {
	phase
	plain, wrapped tally
}

// run runs all phases and prints them to w, and then whatever is to come then. It fails if
// the claim of a phase is not true.
func run(w io.Writer, then func(*demo) error) (results []result, err error) {
	service, err := startBackend()
	if err != nil {
		return nil, err
	}
	defer service.stop()
	fmt.Fprintf(w, "A user service listens on %s.\n", service.addr)

	plain := newHTTPUsers("http://" + service.addr)
	defer plain.Close()
	registry := new(resil.Registry)
	d := &demo{w: w, service: service, http: plain, plain: clients{plain, plain}, resil: registry}
	var printing sync.Mutex // two clients tell of changes
	observe := resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.EventStateChanged {
			printing.Lock()
			defer printing.Unlock()
			name := e.Breaker
			if e.Key != nil {
				name = fmt.Sprintf("%s of %v", name, e.Key)
			}
			fmt.Fprintf(d.w, "   breaker %s: %s → %s\n", name, e.From, e.To)
		}
	})
	users, err := NewResilientUserClient(plain, resil.WithRegistry(registry), observe)
	if err != nil {
		return nil, err
	}
	directory, err := NewResilientDirectoryClient(plain, resil.WithRegistry(registry), observe)
	if err != nil {
		return nil, err
	}
	d.wrapped = clients{users, directory}

	wrong := 0
	for i, p := range phases {
		fmt.Fprintf(w, "\n%d. %s\n", i+1, p.title)
		r, err := d.runPhase(p)
		if err != nil {
			return results, err
		}
		results = append(results, r)
		if p.holds(r.plain, r.wrapped) {
			fmt.Fprintf(w, "   ✓ %s\n", p.claim)
		} else {
			wrong++
			fmt.Fprintf(w, "   ✗ it is not true that %s\n", p.claim)
		}
	}
	d.printStats()
	if wrong > 0 {
		return results, fmt.Errorf("claims that are not true: %d of %d", wrong, len(phases))
	}
	if then != nil {
		return results, then(d)
	}
	return results, nil
}

// runPhase makes the phase's calls through both kinds of client. Then it removes the
// fault, and makes calls until all breakers are closed.
func (d *demo) runPhase(p phase) (result, error) {
	if p.stopped {
		if err := d.service.stop(); err != nil {
			return result{}, err
		}
	}
	r := result{phase: p}

	r.plain = d.try(p, d.plain)
	fmt.Fprintf(d.w, "   plain    %s\n", r.plain)

	before := d.sum()
	r.wrapped = d.try(p, d.wrapped)
	d.flush()
	after := d.sum()
	r.wrapped.application = after.Application - before.Application
	r.wrapped.retries = after.Retries - before.Retries
	r.wrapped.hedgeWins = after.HedgeWins - before.HedgeWins
	r.wrapped.fallbacks = after.Fallbacks - before.Fallbacks
	r.wrapped.opened = d.open()
	fmt.Fprintf(d.w, "   wrapped  %s\n", r.wrapped)

	d.service.setFault(nil)
	if p.stopped {
		if err := d.service.start(); err != nil {
			return result{}, err
		}
	}
	if r.wrapped.opened {
		return r, d.recover(p)
	}
	return r, nil
}

// try makes the phase's calls.
func (d *demo) try(p phase, c clients) tally {
	ctx := context.Background()
	d.service.setFault(p.fault)
	before := d.http.sent.Load()

	var others *tally
	var wg sync.WaitGroup
	var failed atomic.Int64
	quarterFailed := make(chan struct{})
	startOthers := sync.OnceFunc(func() { close(quarterFailed) })
	if p.others != nil {
		wg.Go(func() {
			<-quarterFailed
			t := load(2, 5, func() error { return p.others(ctx, c) })
			others = &t
		})
	}
	t := load(p.callers, p.calls, func() error {
		err := p.call(ctx, c)
		if err != nil && failed.Add(1) == int64(p.callers*p.calls/4) {
			startOthers()
		}
		return err
	})
	startOthers() // if too few calls have failed
	wg.Wait()
	t.others, t.requests = others, d.http.sent.Load()-before
	return t
}

// recover calls the backend, which works again, until every breaker is closed.
func (d *demo) recover(p phase) error {
	ctx, start := context.Background(), time.Now()
	fmt.Fprintln(d.w, "   the backend works again")
	for ; time.Since(start) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		err := p.call(ctx, d.wrapped)
		if p.others != nil {
			err = errors.Join(err, p.others(ctx, d.wrapped))
		}
		if err == nil && !d.open() {
			d.flush()
			fmt.Fprintf(d.w, "   every breaker is closed again after %s\n", short(time.Since(start)))
			return nil
		}
	}
	return fmt.Errorf("the backend works again, but a breaker does not close")
}

// flush waits until all changes of state so far have been printed. They come on
// goroutines of their own.
func (d *demo) flush() {
	for _, client := range d.resil.Clients() {
		client.Flush(context.Background())
	}
}

// open reports whether a breaker is not closed.
func (d *demo) open() bool {
	for _, client := range d.resil.Clients() {
		for _, b := range client.Stats().Breakers {
			if b.State != resil.StateClosed || b.OpenKeys > 0 {
				return true
			}
		}
	}
	return false
}

// sum returns the application errors, retries, hedges and fallbacks of all wrappers.
func (d *demo) sum() (sum resil.MethodStats) {
	for _, client := range d.resil.Clients() {
		for _, m := range client.Stats().Methods {
			sum.Application += m.Application
			sum.Retries += m.Retries
			sum.HedgeWins += m.HedgeWins
			sum.Fallbacks += m.Fallbacks
		}
	}
	return sum
}

func (d *demo) printStats() {
	fmt.Fprintf(d.w, "\nStatistics of the wrappers:\n")
	t := tabwriter.NewWriter(d.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcalls\tsucceeded\tfailed\texhausted\topen\tlimited\tfull\tattempts\tretries\tsaved by a retry\twon by a hedge\tfallbacks\t")
	for _, client := range d.resil.Clients() {
		for _, m := range client.Stats().Methods {
			fmt.Fprintf(t, "%s.%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", client.Name(), m.Name,
				m.Calls, m.Succeeded, m.Failed, m.Exhausted, m.Open, m.Limited, m.Full, m.Attempts,
				m.Retries, m.RetriedSuccesses, m.HedgeWins, m.Fallbacks)
		}
	}
	t.Flush()
}
