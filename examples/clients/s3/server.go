package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// A server keeps objects and speaks as much of S3's protocol as this program needs.
type server struct {
	*httptest.Server

	mu      sync.Mutex
	objects map[string]object // by path
	busy    int               // how many more requests get SlowDown
	down    bool              // requests get InternalError
}

type object struct {
	body     []byte
	checksum string
}

const checksum = "X-Amz-Checksum-Crc32"

func newServer() *server {
	s := &server{objects: map[string]object{}}
	s.Server = httptest.NewServer(s)
	return s
}

// set says how the server answers from now on.
func (s *server) set(busy int, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy, s.down = busy, down
}

func (s *server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	found, ok := s.objects[req.URL.Path]
	switch {
	case err != nil || s.down:
		fail(w, http.StatusInternalServerError, "InternalError")
	case s.busy > 0:
		s.busy--
		fail(w, http.StatusServiceUnavailable, "SlowDown")
	case req.Method == http.MethodPut:
		s.objects[req.URL.Path] = object{body, req.Header.Get(checksum)}
	case !ok:
		fail(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set(checksum, found.checksum)
		w.Write(found.body)
	}
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, http.StatusText(status))
}
