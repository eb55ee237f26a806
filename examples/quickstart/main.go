// Command quickstart shows a resilient client at work. It starts a user service
// on a loopback port, makes it fail in the ways that services fail, and calls it
// through a plain client and through the generated wrapper of the same client.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if _, err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// A result is what a phase came to.
type result struct {
	phase
	plain, wrapped tally
}

// run goes through all phases, tells w about them, and fails if one did not turn
// out as it claims.
func run(w io.Writer) (results []result, err error) {
	service, err := startBackend()
	if err != nil {
		return nil, err
	}
	defer service.die()
	fmt.Fprintf(w, "A user service listens on %s.\n", service.addr)

	plain := newHTTPUsers("http://" + service.addr)
	users, err := NewResilientUserClient(plain, resil.WithObserver(func(_ context.Context, e resil.Event) {
		if e.Kind == resil.StateChanged {
			fmt.Fprintf(w, "   breaker %s: %s → %s\n", e.Breaker, e.From, e.To)
		}
	}))
	if err != nil {
		return nil, err
	}
	defer users.Close()

	wrong := 0
	for i, p := range phases {
		fmt.Fprintf(w, "\n%d. %s\n", i+1, p.title)
		r, err := p.run(w, service, plain, users)
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
	printStats(w, users.Resilience().Stats())
	if wrong > 0 {
		return results, fmt.Errorf("%d of %d phases did not turn out as they should", wrong, len(phases))
	}
	return results, nil
}

// run makes the phase's calls through both clients, then mends the backend and
// calls on until the breaker has noticed. The wrapper wraps plain.
func (p phase) run(w io.Writer, service *backend, plain *httpUsers, wrapped *ResilientUserClient) (result, error) {
	if p.dead {
		if err := service.die(); err != nil {
			return result{}, err
		}
	}
	ctx, client := context.Background(), wrapped.Resilience()
	try := func(users UserClient) tally {
		service.behave(p.fault)
		before := plain.sent.Load()
		t := load(p.callers, p.calls, func() error { return p.call(ctx, users) })
		t.requests = plain.sent.Load() - before
		return t
	}
	r := result{phase: p}

	r.plain = try(plain)
	fmt.Fprintf(w, "   plain    %s\n", r.plain)

	before := client.Stats()
	r.wrapped = try(wrapped)
	after := client.Stats()
	for _, m := range after.Methods {
		r.wrapped.retries += m.Retries - before.Method(m.Name).Retries
	}
	r.wrapped.opened = after.Breaker("UserClient").Opened > before.Breaker("UserClient").Opened
	fmt.Fprintf(w, "   wrapped  %s\n", r.wrapped)

	service.behave(nil)
	if p.dead {
		if err := service.start(); err != nil {
			return result{}, err
		}
	}
	if r.wrapped.opened {
		return r, comeBack(ctx, w, wrapped)
	}
	return r, nil
}

// comeBack calls a backend that is well again, as traffic would, until the breaker
// is closed.
func comeBack(ctx context.Context, w io.Writer, users *ResilientUserClient) error {
	start := time.Now()
	fmt.Fprintln(w, "   the backend is well again")
	for ; time.Since(start) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		_, err := users.GetUser(ctx, 1)
		if err == nil && users.Resilience().Stats().Breaker("UserClient").State == resil.StateClosed {
			fmt.Fprintf(w, "   callers are answered again after %s\n", short(time.Since(start)))
			return nil
		}
	}
	return fmt.Errorf("the backend is well again, but the breaker does not close")
}

func printStats(w io.Writer, stats resil.Stats) {
	fmt.Fprintf(w, "\nWhat the wrapper counted:\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcalls\tsucceeded\tfailed\texhausted\topen\tlimited\tattempts\tretries\tsaved by a retry\t")
	for _, m := range stats.Methods {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", m.Name,
			m.Calls, m.Succeeded, m.Failed, m.Exhausted, m.Open, m.Limited, m.Attempts, m.Retries, m.RetriedSuccesses)
	}
	t.Flush()
}
