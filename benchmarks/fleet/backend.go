//go:build linux

package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A backend is what all processes call. It notes each call that reaches it.
type backend struct {
	url    string
	server http.Server

	mu    sync.Mutex
	calls []arrival
}

type arrival struct {
	process  int
	sent, at time.Time
}

func startBackend() (*backend, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backend{url: "http://" + l.Addr().String()}
	b.server.Handler = b
	go b.server.Serve(l)
	return b, nil
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	process, err := strconv.Atoi(r.FormValue("process"))
	sent, err2 := strconv.ParseInt(r.FormValue("sent"), 10, 64)
	if err != nil || err2 != nil {
		http.Error(w, r.URL.String(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	b.calls = append(b.calls, arrival{process, time.Unix(0, sent), at})
	b.mu.Unlock()
	io.WriteString(w, "Ada")
}

// take returns the calls that have come, and forgets them.
func (b *backend) take() []arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}
