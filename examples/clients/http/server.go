package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
)

// A server is a web service. Its root is all that it has.
type server struct {
	*httptest.Server
	down atomic.Bool // it answers 503
	got  atomic.Int64
}

func newServer() *server {
	s := &server{}
	s.Server = httptest.NewServer(s)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.got.Add(1)
	switch {
	case s.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case req.URL.Path != "/":
		http.NotFound(w, req)
	default:
		io.WriteString(w, "hello")
	}
}
