// Command peers shows a service with a circuit breaker for each of its peers. It
// starts the service, a store for each peer and the peers on loopback ports, lets
// one peer's store fail, and shows what each peer is told.
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

	"github.com/resilgen/resilgen/examples/internal/story"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// run starts everything, tells w the story, and fails if it does not come true.
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
			if e.Kind == resil.StateChanged {
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

	d := &demo{story.Story{W: w}, service, client}
	if err := d.play(stores["web"], accounts.Resilience()); err != nil {
		return err
	}
	d.Line(strings.Join(changes, ", ") == "closed → open, open → half-open, half-open → closed",
		"of all breakers, web's alone has changed: %s", strings.Join(changes, ", "))
	printMetrics(w, accounts.Resilience().Stats())
	return d.Err()
}

// A demo has peers ask the service.
type demo struct {
	story.Story
	service *node
	http    *http.Client
}

func (d *demo) play(webStore *store, client *resil.Client) error {
	const closed, open = "closed", "open"

	d.Title("A success")
	d.ask("web", "/balance/alice", http.StatusOK, closed)

	d.Title("Three application errors: the store has answered, which is a sign of life")
	for range 3 {
		d.ask("web", "/balance/nobody", http.StatusNotFound, closed)
	}

	d.Title("A success")
	d.ask("web", "/balance/alice", http.StatusOK, closed)

	d.Title("Web's store dies: the second infrastructure error in a row opens the breaker")
	if err := webStore.stop(); err != nil {
		return err
	}
	d.ask("web", "/balance/alice", http.StatusBadGateway, closed)
	d.ask("web", "/balance/alice", http.StatusBadGateway, open)

	d.Title("From now on the service refuses web and says when to come back")
	attempts := client.Stats().Method("Balance").Attempts
	wait := d.ask("web", "/balance/alice", http.StatusServiceUnavailable, open)
	d.Line(wait > 0, "web is to come back in %s", wait)
	d.Line(client.Stats().Method("Balance").Attempts == attempts, "the store has not been asked")

	d.Title("Mobile does not notice")
	d.ask("mobile", "/balance/bob", http.StatusOK, closed)

	d.Title("Web's store is back, and web comes when it was told to: one probe closes the breaker")
	if err := webStore.start(); err != nil {
		return err
	}
	time.Sleep(wait)
	d.ask("web", "/balance/alice", http.StatusOK, closed)

	d.Title("The store answers 503 twice: the statement takes three attempts, and web does not notice")
	webStore.busy.Store(2)
	d.ask("web", "/statement/alice", http.StatusOK, closed)
	m := client.Stats().Method("Statement")
	d.Line(m.Calls == 1 && m.Attempts == 3 && m.Retries == 2 && m.RetriedSuccesses == 1,
		"calls: %d, attempts: %d, retries: %d, saved by a retry: %d", m.Calls, m.Attempts, m.Retries, m.RetriedSuccesses)
	return nil
}

// ask has a peer ask the service, which must answer with a status and have the
// peer's breaker in a state. It returns how long the peer is to wait.
func (d *demo) ask(peer, path string, status int, state string) (wait time.Duration) {
	req, err := http.NewRequest(http.MethodGet, d.service.url()+path, nil)
	if err != nil {
		panic(err) // the story's own mistake
	}
	req.Header.Set("Peer", peer)
	resp, err := d.http.Do(req)
	if err != nil {
		d.Line(false, "%s asks for %s: %v", peer, path, err)
		return 0
	}
	defer resp.Body.Close()
	var got reply
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		d.Line(false, "%s asks for %s: %d, unreadable: %v", peer, path, resp.StatusCode, err)
		return 0
	}
	told := got.Error
	if told == "" {
		told = fmt.Sprint(got.Answer)
	}
	b := got.Breaker
	d.Line(resp.StatusCode == status && b.State == state, "%s asks for %s: %d, %s\n      its breaker %s is %s; successes: %d, failures: %d, opened: %d",
		peer, path, resp.StatusCode, told, b.Name, b.State, b.Successes, b.Failures, b.Opened)
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second
}

func printMetrics(w io.Writer, stats resil.Stats) {
	fmt.Fprintf(w, "\nWhat the service counted\n")
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
