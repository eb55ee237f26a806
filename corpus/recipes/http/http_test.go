package http

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	type header = http.Header
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	success, throttled := resil.Verdict{Class: resil.Success}, resil.Verdict{Class: resil.Throttled}
	later := func(d time.Duration) resil.Verdict { return resil.Verdict{Class: resil.Throttled, After: d} }
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		err    error
		want   resil.Verdict
	}{
		{"ok", 200, nil, nil, success},
		{"redirect", 302, nil, nil, success},
		{"bad request", 400, nil, nil, answer},
		{"login", 401, nil, nil, answer},
		{"forbidden", 403, nil, nil, answer},
		{"not found", 404, nil, nil, answer},
		{"conflict", 409, nil, nil, answer},
		{"misdirected", 421, nil, nil, answer},
		{"request timeout", 408, nil, nil, failure},
		{"too early", 425, nil, nil, failure},
		{"too many", 429, nil, nil, throttled},
		{"too many, seconds", 429, header{"Retry-After": {"7"}}, nil, later(7 * time.Second)},
		{"too many, milliseconds", 429, header{"Retry-After-Ms": {"70"}}, nil, later(70 * time.Millisecond)},
		{"too many, date", 429, header{"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}, "Retry-After": {"Sun, 06 Nov 1994 08:49:47 GMT"}}, nil, later(10 * time.Second)},
		{"too many, obsolete date", 429, header{"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}, "Retry-After": {"Sunday, 06-Nov-94 08:49:47 GMT"}}, nil, later(10 * time.Second)},
		{"too many, reset", 429, header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"5"}}, nil, later(5 * time.Second)},
		{"unavailable", 503, nil, nil, failure},
		{"unavailable until", 503, header{"Retry-After": {"7"}}, nil, later(7 * time.Second)},
		{"internal", 500, nil, nil, failure},
		{"bad gateway", 502, nil, nil, failure},
		{"gateway timeout", 504, nil, nil, failure},
		{"no storage", 507, nil, nil, failure},
		{"origin of a proxy", 522, nil, nil, failure},
		{"frozen", 530, nil, nil, failure},
		{"network wants a login", 511, nil, nil, resil.Verdict{Class: resil.SystemFault}},
		{"not implemented", 501, nil, nil, answer},
		{"no such version", 505, nil, nil, answer},
		{"no status", 0, nil, nil, failure},
		{"no status either", 999, nil, nil, failure},
		{"error beside a good status", 200, nil, io.ErrUnexpectedEOF, resil.Verdict{}},
		{"error beside a bad status", 503, nil, errors.New("status 503"), failure},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want.Class > resil.Success {
				c.want.Status = c.status
			}
			if got := classifyDoerHTTPResponse(&http.Response{StatusCode: c.status, Header: c.header}, c.err); got != c.want {
				t.Errorf("the verdict is %+v, want %+v", got, c.want)
			}
		})
	}
	if got := classifyDoerHTTPResponse(nil, io.EOF); got != (resil.Verdict{}) {
		t.Errorf("without a response the verdict is %+v, want none", got)
	}
}

// pages gets pages by an http.Client.
type pages struct{ *http.Client }

func (p pages) Get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return p.Do(req)
}

// serve starts a server that answers with a status, and returns a function that gets a
// page of it.
func serve(t *testing.T, status int) (*ResilientPages, func() error, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	client, err := NewResilientPages(pages{server.Client()}, verdicttest.Quick("Pages"))
	if err != nil {
		t.Fatal(err)
	}
	return client, func() error {
		resp, err := client.Get(t.Context(), server.URL)
		if err != nil {
			return err
		}
		if resp.StatusCode != status {
			t.Errorf("the status is %d, want %d", resp.StatusCode, status)
		}
		return resp.Body.Close()
	}, server
}

func TestServerThatFailsOpensTheBreaker(t *testing.T) {
	client, get, _ := serve(t, http.StatusServiceUnavailable)
	var err error
	for range 6 {
		err = get() // a response, not an error, until the breaker is open
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the last error is %v, want that of an open breaker", err)
	}
	if m := client.Resilience().Stats().Method("Get"); m.Retries == 0 || m.Infrastructure == 0 {
		t.Errorf("a status 503 is not retried: %+v", m)
	}
}

func TestDeadServerOpensTheBreaker(t *testing.T) {
	client, get, server := serve(t, http.StatusOK)
	server.Close()
	verdicttest.Dead(t, client.Resilience(), "Get", get)
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, get, _ := serve(t, http.StatusNotFound)
	verdicttest.Answers(t, client.Resilience(), "Get", get)
}

// A Doer has a breaker for each host, repeats what can be repeated, and gives back the last
// response.
func TestDoer(t *testing.T) {
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }))
	defer failing.Close()
	healthy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer healthy.Close()
	client, err := NewResilientDoer(http.DefaultClient, verdicttest.Quick("Doer"))
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, url string) (status int, err error) {
		req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	attempts := func() uint64 { return client.Resilience().Stats().Method("Do").Attempts }

	if status, err := do(http.MethodPost, failing.URL); status != 503 || err != nil || attempts() != 1 {
		t.Errorf("POST: status %d, error %v, %d attempts; want one attempt and its response", status, err, attempts())
	}
	if status, err := do(http.MethodGet, failing.URL); status != 503 || err != nil || attempts() != 4 {
		t.Errorf("GET: status %d, error %v, %d attempts; want three more attempts and the last response", status, err, attempts())
	}
	for range 3 {
		_, err = do(http.MethodGet, failing.URL)
	}
	if !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the last error is %v, want that of an open breaker", err)
	}
	if status, err := do(http.MethodGet, healthy.URL); status != 200 || err != nil {
		t.Errorf("another host: status %d, error %v", status, err)
	}
}
