package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	results, err := run(&out, nil)
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

// The page is served until the program is to end.
func TestPage(t *testing.T) {
	service, err := startBackend()
	if err != nil {
		t.Fatal(err)
	}
	defer service.stop()
	plain := newHTTPUsers("http://" + service.addr)
	defer plain.Close()
	registry := new(resil.Registry)
	users := resil.Must(NewResilientUserClient(plain, resil.WithRegistry(registry)))
	directory := resil.Must(NewResilientDirectoryClient(plain, resil.WithRegistry(registry)))
	said, w := io.Pipe()
	d := &demo{w, service, plain, clients{plain, plain}, clients{users, directory}, registry}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.servePage(ctx) }()

	var address string
	if _, err := fmt.Fscanf(said, "\nThe phases go on. See them live at %s", &address); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, said) // until said is closed
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Contains(page, []byte("DirectoryClient")) {
		t.Errorf("%v: %s", err, page)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	said.Close()
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
