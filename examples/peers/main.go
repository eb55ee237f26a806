// Command peers shows a service that has a circuit breaker for each of its peers. It
// starts the service and a store for each peer on loopback ports. Then it sends the
// requests of the peers, lets one store fail, and shows the response to each peer.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// run starts everything and writes a report to w. It fails if a check of the report
// does.
func run(w io.Writer) error {
	stores := map[string]*store{
		"web":    newStore(map[string]int{"alice": 100}),
		"mobile": newStore(map[string]int{"bob": 200}),
	}
	for _, s := range stores {
		if err := s.start(); err != nil {
			return err
		}
		defer s.stop()
	}

	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer client.CloseIdleConnections()
	registry := new(resil.Registry)
	var changes []string
	accounts, err := NewResilientAccounts(&httpAccounts{stores, client}, resil.WithRegistry(registry),
		resil.WithObserver(func(_ context.Context, e resil.Event) {
			if e.Kind == resil.EventStateChanged {
				changes = append(changes, fmt.Sprintf("%s → %s", e.From, e.To))
			}
		}))
	if err != nil {
		return err
	}
	service := &node{
		handler: newService(accounts, stores),
		ctx:     resil.NewContext(context.Background(), registry),
	}
	if err := service.start(); err != nil {
		return err
	}
	defer service.stop()

	d := &demo{report.Report{W: w}, service, client}
	if err := d.run(stores["web"], accounts.Resilience()); err != nil {
		return err
	}
	accounts.Resilience().Flush(context.Background()) // changes come on a goroutine of their own
	d.Check(strings.Join(changes, ", ") == "closed → open, open → half-open, half-open → closed",
		"only web's breaker has changed: %s", strings.Join(changes, ", "))
	printMetrics(w, accounts.Resilience().Stats())
	return d.Err()
}

// A demo sends the requests of peers to the service.
type demo struct {
	report.Report
	service *node
	http    *http.Client
}

func (d *demo) run(webStore *store, client *resil.Client) error {
	const closed, open = "closed", "open"

	d.Section("A success")
	d.ask("web", "/balance/alice", http.StatusOK, closed)

	d.Section("Three application errors: the store answers, so the breaker stays closed")
	for range 3 {
		d.ask("web", "/balance/nobody", http.StatusNotFound, closed)
	}

	d.Section("A success")
	d.ask("web", "/balance/alice", http.StatusOK, closed)

	d.Section("Web's store stops: the second infrastructure error in a row opens the breaker")
	if err := webStore.stop(); err != nil {
		return err
	}
	d.ask("web", "/balance/alice", http.StatusBadGateway, closed)
	d.ask("web", "/balance/alice", http.StatusBadGateway, open)

	d.Section("Now the service refuses web, and says when web may try again")
	attempts := client.Stats().Method("Balance").Attempts
	wait := d.ask("web", "/balance/alice", http.StatusServiceUnavailable, open)
	d.Check(wait > 0, "web may try again in %s", wait)
	d.Check(client.Stats().Method("Balance").Attempts == attempts, "the store got no request")

	d.Section("Mobile is not affected")
	d.ask("mobile", "/balance/bob", http.StatusOK, closed)

	d.Section("Web's store is back, and web tries again after that time: one probe closes the breaker")
	if err := webStore.start(); err != nil {
		return err
	}
	time.Sleep(wait)
	d.ask("web", "/balance/alice", http.StatusOK, closed)

	d.Section("The store responds 503 twice: the statement takes three attempts, and web gets it")
	webStore.busy.Store(2)
	d.ask("web", "/statement/alice", http.StatusOK, closed)
	m := client.Stats().Method("Statement")
	d.Check(m.Calls == 1 && m.Attempts == 3 && m.Retries == 2 && m.RetriedSuccesses == 1,
		"calls: %d, attempts: %d, retries: %d, saved by a retry: %d", m.Calls, m.Attempts, m.Retries, m.RetriedSuccesses)
	return nil
}

// ask sends a request of a peer, and checks the status of the response and the state
// of the peer's breaker. It returns the time that the peer must wait.
func (d *demo) ask(peer, path string, status int, state string) (wait time.Duration) {
	req, err := http.NewRequest(http.MethodGet, d.service.url()+path, nil)
	if err != nil {
		panic(err) // a mistake in this program
	}
	req.Header.Set("Peer", peer)
	resp, err := d.http.Do(req)
	if err != nil {
		d.Check(false, "%s asks for %s: %v", peer, path, err)
		return 0
	}
	defer resp.Body.Close()
	var got reply
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		d.Check(false, "%s asks for %s: %d, not readable: %v", peer, path, resp.StatusCode, err)
		return 0
	}
	result := got.Error
	if result == "" {
		result = fmt.Sprint(got.Answer)
	}
	b := got.Breaker
	d.Check(resp.StatusCode == status && b.State == state, "%s asks for %s: %d, %s\n      its breaker %s is %s; successes: %d, failures: %d, opened: %d",
		peer, path, resp.StatusCode, result, b.Name, b.State, b.Successes, b.Failures, b.Opened)
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second
}

func printMetrics(w io.Writer, stats resil.Stats) {
	fmt.Fprintf(w, "\nStatistics of the service\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcalls\tsucceeded\tfailed\trefused\tattempts\tretries\tsaved by a retry\tgiven up\t")
	for _, m := range stats.Methods {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", m.Name,
			m.Calls, m.Succeeded, m.Failed, m.Open, m.Attempts, m.Retries, m.RetriedSuccesses, m.Exhausted)
	}
	t.Flush()
	for _, b := range stats.Breakers {
		fmt.Fprintf(w, "breaker %s: peers: %d, not closed: %d\n", b.Name, b.Keys, b.OpenKeys)
	}
}
