package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A backend is a user service on a loopback port that can be made to fail.
type backend struct {
	addr   string
	server *http.Server
	served chan error

	mu       sync.Mutex
	users    []User // the user with ID n has index n-1
	fault    fault
	requests int // since the fault began
}

// A fault may respond to a request instead of the service, and reports whether it
// has. n is the number of the request since the fault began, from 1.
type fault func(n int, w http.ResponseWriter, r *http.Request) bool

// slow delays the response.
func slow(delay time.Duration) fault {
	return func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
		}
		return false
	}
}

// unavailable responds 503.
func unavailable(_ int, w http.ResponseWriter, _ *http.Request) bool {
	http.Error(w, "try again later", http.StatusServiceUnavailable)
	return true
}

// reset resets the connection without a response.
func reset(_ int, w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	return true
}

// every applies f to every nth request.
func every(nth int, f fault) fault {
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		return n%nth == 0 && f(n, w, r)
	}
}

// forTenant applies f to the requests for one tenant.
func forTenant(tenant string, f fault) fault {
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/tenants/"+tenant+"/") && f(n, w, r)
	}
}

// limited serves a number of requests at once and responds 503 to the others. A
// search takes additional time.
func limited(requests int, search time.Duration) fault {
	places := make(chan struct{}, requests)
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			return unavailable(n, w, r)
		}
		return r.URL.Query().Has("name") && slow(search)(n, w, r)
	}
}

// startBackend starts a backend on a free port.
func startBackend() (*backend, error) {
	b := &backend{addr: "127.0.0.1:0", users: []User{{1, "Ada"}, {2, "Grace"}, {3, "Barbara"}}}
	return b, b.start()
}

// start starts the server, on the same port as before if it was stopped.
func (b *backend) start() error {
	listener, err := net.Listen("tcp", b.addr)
	if err != nil {
		return err
	}
	b.addr = listener.Addr().String()
	b.server = &http.Server{Handler: b.handler(), ErrorLog: log.New(io.Discard, "", 0)}
	// Each request needs a connection of its own: after a reset of a connection that
	// has been used before, net/http would send the request again.
	b.server.SetKeepAlivesEnabled(false)
	b.served = make(chan error, 1)
	go func() { b.served <- b.server.Serve(listener) }()
	return nil
}

// stop closes the port and all connections, even those with a request.
func (b *backend) stop() error {
	if err := b.server.Close(); err != nil {
		return err
	}
	if err := <-b.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// setFault makes the backend apply f to each request, or nothing if f is nil.
func (b *backend) setFault(f fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.requests = f, 0
}

func (b *backend) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", b.get)
	mux.HandleFunc("GET /users", b.list)
	mux.HandleFunc("POST /users", b.create)
	mux.HandleFunc("GET /tenants/{tenant}/users", b.search)
	mux.HandleFunc("GET /tenants/{tenant}/users/{name}", b.lookup)
	mux.HandleFunc("GET /tenants/{tenant}/count", b.count)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.requests++
		f, n := b.fault, b.requests
		b.mu.Unlock()
		if f == nil || !f(n, w, r) {
			mux.ServeHTTP(w, r)
		}
	})
}

func (b *backend) get(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(b.users) {
		http.NotFound(w, r)
		return
	}
	json.NewEncoder(w).Encode(b.users[id-1])
}

func (b *backend) list(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	json.NewEncoder(w).Encode(b.users)
}

func (b *backend) create(w http.ResponseWriter, r *http.Request) {
	var user User
	if err := json.NewDecoder(r.Body).Decode(&user); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	user.ID = len(b.users) + 1
	b.users = append(b.users, user)
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(user)
}

// named returns the users of that name. Every tenant has the same users.
func (b *backend) named(name string) []User {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.users), func(u User) bool { return u.Name != name })
}

func (b *backend) search(w http.ResponseWriter, r *http.Request) {
	json.NewEncoder(w).Encode(b.named(r.FormValue("name")))
}

func (b *backend) lookup(w http.ResponseWriter, r *http.Request) {
	users := b.named(r.PathValue("name"))
	if len(users) == 0 {
		http.NotFound(w, r)
		return
	}
	json.NewEncoder(w).Encode(users[0])
}

func (b *backend) count(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	json.NewEncoder(w).Encode(len(b.users))
}
