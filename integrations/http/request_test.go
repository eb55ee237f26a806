package resilhttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

// repeated counts the attempts of a call that fails each time.
func repeated(t *testing.T, r *Request) int {
	t.Helper()
	c, err := resil.New(resil.Spec{Name: "API", Methods: []resil.MethodSpec{{Name: "Do", Policies: resil.Policies{
		Retry: &resil.Retry{Attempts: 3, Initial: 1, Max: 1, Factor: 2, On: []resil.Class{resil.Infrastructure}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	attempts := 0
	resil.Run(r.Context(), c.Method("Do"), func(ctx context.Context) error {
		attempts++
		req := r.Attempt(ctx)
		if req.Body != nil && req.Body != http.NoBody {
			if body, err := io.ReadAll(req.Body); err != nil || string(body) != "data" {
				t.Errorf("attempt %d read %q, %v", attempts, body, err)
			}
		}
		req.Header.Set("Seen", "yes")
		return resil.Infra(errors.New("down"))
	})
	r.Close()
	return attempts
}

func TestOnlyWhatMayBeSentAgainIsRepeated(t *testing.T) {
	once := func() io.Reader { return io.MultiReader(strings.NewReader("data")) } // has no GetBody
	again := func() io.Reader { return bytes.NewReader([]byte("data")) }
	for _, tt := range []struct {
		name     string
		method   string
		header   string
		body     io.Reader
		new      func(context.Context, *http.Request) *Request
		attempts int
	}{
		{"GET", "GET", "", nil, NewRequest, 3},
		{"no method is GET", "", "", nil, NewRequest, 3},
		{"PUT whose body can be had again", "PUT", "", again(), NewRequest, 3},
		{"PUT whose body cannot", "PUT", "", once(), NewRequest, 1},
		{"empty body", "PUT", "", http.NoBody, NewRequest, 3},
		{"POST", "POST", "", again(), NewRequest, 1},
		{"POST with a key", "POST", "Idempotency-Key", again(), NewRequest, 3},
		{"POST with another key", "POST", "X-Idempotency-Key", again(), NewRequest, 3},
		{"POST with a key, and a body that cannot be had again", "POST", "Idempotency-Key", once(), NewRequest, 1},
		{"POST that is declared idempotent", "POST", "", again(), NewIdempotentRequest, 3},
		{"unknown method", "BREW", "", nil, NewRequest, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest(tt.method, "http://localhost", tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if tt.header != "" {
				req.Header.Set(tt.header, "1")
			}
			if got := repeated(t, tt.new(req.Context(), req)); got != tt.attempts {
				t.Errorf("%d attempts, want %d", got, tt.attempts)
			}
			if req.Header.Get("Seen") != "" {
				t.Error("an attempt has changed the caller's request")
			}
		})
	}
}

// A body tells whether it is closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error { b.closed++; return nil }

func TestBodyOfRequestThatIsNotSentIsClosed(t *testing.T) {
	for sent, want := range map[bool]int{false: 1, true: 0} {
		b := &body{Reader: strings.NewReader("data")}
		req, _ := http.NewRequest("PUT", "http://localhost", b)
		r := NewRequest(t.Context(), req)
		if sent {
			r.Attempt(t.Context())
		}
		r.Close()
		if b.closed != want {
			t.Errorf("sent %t: closed %d times, want %d: what is sent is closed by who sends it", sent, b.closed, want)
		}
	}
}

func TestBodyThatCannotBeHadAgainSaysWhy(t *testing.T) {
	gone := errors.New("gone")
	req, _ := http.NewRequest("PUT", "http://localhost", strings.NewReader("data"))
	req.GetBody = func() (io.ReadCloser, error) { return nil, gone }
	r := NewRequest(t.Context(), req)
	r.Attempt(t.Context())
	if _, err := io.ReadAll(r.Attempt(t.Context()).Body); err != gone {
		t.Errorf("error %v, want GetBody's", err)
	}
	req.GetBody = nil
	if _, err := io.ReadAll(r.Attempt(t.Context()).Body); err != errUsedUp {
		t.Errorf("error %v, want errUsedUp", err)
	}
}

// A trailer has its value when the body has been read.
func TestTrailersAreSent(t *testing.T) {
	got := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got = r.Trailer.Get("Sum")
	}))
	defer server.Close()
	req, _ := http.NewRequest("PUT", server.URL, nil)
	req.Trailer = http.Header{"Sum": nil}
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader("data"), atEnd(func() { req.Trailer.Set("Sum", "4") })))
	req.ContentLength = -1
	r := NewRequest(t.Context(), req)
	defer r.Close()
	resp, err := server.Client().Do(r.Attempt(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got != "4" {
		t.Errorf("trailer %q, want 4", got)
	}
}

// atEnd is an empty reader that calls a function when it is read.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}
