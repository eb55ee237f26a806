package main

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The test runs the whole program, as the documentation shows it.
func TestDemo(t *testing.T) {
	var out bytes.Buffer
	results, err := run(&out)
	t.Logf("%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"breaker UserClient: closed → open\n",
		"breaker UserClient: open → half-open\n",
		"breaker UserClient: half-open → closed\n",
	} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("the output does not show %q", want)
		}
	}

	// A claim that is also true of the plain client shows no effect of the wrapper. Only
	// these phases have none.
	alike := []string{
		"The backend works",
		"Every third request gets a 503, and callers create users",
	}
	for _, r := range results {
		if r.holds(r.plain, r.plain) != slices.Contains(alike, r.title) {
			t.Errorf("%s: for the plain client, that %s is %t", r.title, r.claim, r.holds(r.plain, r.plain))
		}
	}
}

func TestByStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want resil.Class
	}{
		{&StatusError{Code: http.StatusServiceUnavailable}, resil.Infrastructure},
		{&StatusError{Code: http.StatusTooManyRequests}, resil.Throttled},
		{&StatusError{Code: http.StatusBadRequest}, resil.Application},
		{ErrNotFound, resil.Undecided},
		{errors.New("unknown"), resil.Undecided},
	} {
		if got := byStatus(c.err); got != c.want {
			t.Errorf("byStatus(%v) = %v, want %v", c.err, got, c.want)
		}
	}
}
