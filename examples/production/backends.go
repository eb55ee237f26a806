package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// The services that the shop calls are in this program, on loopback ports, so that it runs
// anywhere and they can be killed. A program of your own has nothing of this file.

// addresses say where the services are.
type addresses struct {
	stock    string
	payments string
	catalogs map[string]string // of each tenant
}

// backends are the services by name: stock, payments, catalog-acme and so on.
type backends map[string]*backend

// startBackends starts all services. Where it fails, some may run.
func startBackends() (b backends, at addresses, err error) {
	b, at.catalogs = backends{}, map[string]string{}
	start := func(name string, newServer func() server) string {
		b[name] = &backend{newServer: newServer, addr: "127.0.0.1:0"}
		if e := b[name].restore(); e != nil && err == nil {
			err = e
		}
		return b[name].addr
	}
	at.stock = start("stock", newStockServer)
	at.payments = "http://" + start("payments", newHTTPServer(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
	}))
	for _, tenant := range tenants {
		at.catalogs[tenant] = "http://" + start("catalog-"+tenant, newHTTPServer(func(w http.ResponseWriter, _ *http.Request) {
			json.NewEncoder(w).Encode(1999)
		}))
	}
	return b, at, err
}

// kill kills a service, as a crash does.
func (b backends) kill(name string) error {
	one, ok := b[name]
	if !ok {
		return fmt.Errorf("no backend %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(b)), ", "))
	}
	one.kill()
	return nil
}

// restore starts a service again, at the same address.
func (b backends) restore(name string) error {
	one, ok := b[name]
	if !ok {
		return fmt.Errorf("no backend %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(b)), ", "))
	}
	return one.restore()
}

func (b backends) close() {
	for _, one := range b {
		one.kill()
	}
}

// A backend is a server that can be killed and restored.
type backend struct {
	newServer func() server

	mu      sync.Mutex
	addr    string
	running server // nil while it is killed
	served  sync.WaitGroup
}

type server interface {
	Serve(net.Listener) error
	Stop() // at once, with all connections
}

func (b *backend) restore() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		return nil
	}
	l, err := net.Listen("tcp", b.addr)
	if err != nil {
		return err
	}
	b.addr, b.running = l.Addr().String(), b.newServer()
	b.served.Go(func() { b.running.Serve(l) })
	return nil
}

func (b *backend) kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		b.running.Stop()
		b.served.Wait()
		b.running = nil
	}
}

type httpServer struct{ http.Server }

func (s *httpServer) Stop() { s.Close() }

func newHTTPServer(h http.HandlerFunc) func() server {
	return func() server { return &httpServer{http.Server{Handler: h}} }
}

func newStockServer() server {
	serving := health.NewServer()
	for _, item := range items {
		serving.SetServingStatus(item, healthpb.HealthCheckResponse_SERVING)
	}
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, serving)
	return s
}
