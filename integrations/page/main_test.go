package resilpage

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = resil.Infra(errors.New("dial tcp 10.0.3.7:8443: connection refused"))

// newClient makes a client of one method, Get, whose guards have the client's name.
func newClient(t testing.TB, r *resil.Registry, name string, directives ...string) *resil.Client {
	t.Helper()
	return newSpec(t, r, name, resil.MethodSpec{Name: "Get"}, directives...)
}

// newKeyed makes a client with guards that are kept by keys.
func newKeyed[K comparable](t testing.TB, r *resil.Registry, name string, directives ...string) (*resil.Client, *resil.KeyedMethod[K]) {
	t.Helper()
	m := new(resil.KeyedMethod[K])
	return newSpec(t, r, name, resil.MethodSpec{Name: "Get", Method: m}, directives...), m
}

func newSpec(t testing.TB, r *resil.Registry, name string, m resil.MethodSpec, directives ...string) *resil.Client {
	t.Helper()
	p, err := resil.ParsePolicies(directives...)
	if err != nil {
		t.Fatal(err)
	}
	if p.Breaker != nil {
		p.Breaker.Name = name
	}
	if p.Limit != nil {
		p.Limit.Name = name
	}
	if p.Bulkhead != nil {
		p.Bulkhead.Name = name
	}
	m.Policies = p
	c, err := resil.New(resil.Spec{Name: name, Methods: []resil.MethodSpec{m}}, resil.WithRegistry(r))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fail makes calls that fail.
func fail(m *resil.Method, n int, err error) {
	for range n {
		resil.Run(context.Background(), m, func(context.Context) error { return err })
	}
}

// succeed makes calls that succeed.
func succeed(m *resil.Method, n int) { fail(m, n, nil) }

// newPage makes a page that is closed at the end of the test.
func newPage(t testing.TB, r *resil.Registry, opts ...Option) *Page {
	t.Helper()
	p := New(r, opts...)
	t.Cleanup(func() { p.Close() })
	return p
}

// get asks for a page. Options change the request.
func get(p http.Handler, target string, opts ...func(*http.Request)) *httptest.ResponseRecorder {
	return serve(p, httptest.NewRequest("GET", target, nil), opts...)
}

func serve(p http.Handler, r *http.Request, opts ...func(*http.Request)) *httptest.ResponseRecorder {
	r.Host = "localhost:8080"
	for _, opt := range opts {
		opt(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

// post sends a form, as a browser does from the page itself.
func post(p http.Handler, form url.Values, opts ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/debug/resil", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", "http://localhost:8080")
	return serve(p, r, opts...)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
}

// state is the state that a page answers with.
func state(t testing.TB, p *Page, query string) (s State) {
	t.Helper()
	w := get(p, "/?format=json"+query)
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	decode(t, w.Body, &s)
	return s
}

func decode(t testing.TB, r io.Reader, v any) {
	t.Helper()
	if err := json.NewDecoder(r).Decode(v); err != nil {
		t.Fatal(err)
	}
}
