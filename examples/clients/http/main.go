// Command http shows a web service that fails and recovers, and another one that is not
// affected.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/resilgen/resilgen/examples/internal/report"
	resil "github.com/resilgen/resilgen/runtime"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "http:", err)
		os.Exit(1)
	}
}

// run writes a report to w, and fails if a check of the report does.
func run(w io.Writer) error {
	r := &report.Report{W: w}
	weather, maps := newServer(), newServer()
	defer weather.Close()
	defer maps.Close()

	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	doer, err := NewResilientDoer(client, resil.WithObserver(r.Observe))
	if err != nil {
		return err
	}
	r.Client = doer.Resilience()
	state := func() resil.State {
		return doer.Resilience().Stats().Breaker("Doer", weather.Listener.Addr().String()).State
	}

	r.Section("The service is up")
	status, err := send(doer, http.MethodGet, weather.URL)
	r.Check(status == http.StatusOK, "GET: %s", outcome(status, err))
	status, err = send(doer, http.MethodGet, weather.URL+"/nowhere")
	r.Check(status == http.StatusNotFound, "GET nowhere: it is an answer, and not repeated: %s", outcome(status, err))

	r.Section("It responds 503: a GET is repeated, a POST is not, and the fifth failure in a row opens its breaker")
	weather.down.Store(true)
	weather.got.Store(0)
	status, err = send(doer, http.MethodGet, weather.URL)
	r.Check(weather.got.Swap(0) == 3, "GET, three requests: %s", outcome(status, err))
	status, err = send(doer, http.MethodPost, weather.URL)
	r.Check(weather.got.Swap(0) == 1, "POST, one request: %s", outcome(status, err))
	status, err = send(doer, http.MethodGet, weather.URL)
	r.Check(weather.got.Swap(0) == 1 && state() == resil.StateOpen, "GET, one request: %s; the breaker is %s", outcome(status, err), state())

	r.Section("Requests are refused at once, and told when to come back; those to another host are not")
	start := time.Now()
	_, err = send(doer, http.MethodGet, weather.URL)
	r.Check(errors.Is(err, resil.ErrOpen) && weather.got.Load() == 0, "GET, no request, after %s: %v", time.Since(start).Round(time.Millisecond), err)
	status, errMaps := send(doer, http.MethodGet, maps.URL)
	r.Check(status == http.StatusOK, "GET from the other host: %s", outcome(status, errMaps))

	r.Section("The service is back: two probes that are answered close the breaker")
	weather.down.Store(false)
	if refused, ok := errors.AsType[*resil.Error](err); ok {
		time.Sleep(refused.RetryAfter())
	}
	status, err = send(doer, http.MethodGet, weather.URL)
	r.Check(status == http.StatusOK, "GET: %s; the breaker is %s", outcome(status, err), state())
	status, err = send(doer, http.MethodPost, weather.URL)
	r.Check(status == http.StatusOK && state() == resil.StateClosed, "POST: %s; the breaker is %s", outcome(status, err), state())

	r.Stats(doer.Resilience().Stats())
	return r.Err()
}

// send sends a request and returns the status of the response.
func send(doer Doer, method, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(context.Background(), method, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := doer.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// outcome returns the result of a request as text.
func outcome(status int, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", status, http.StatusText(status))
}
