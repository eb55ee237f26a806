package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	resilpage "github.com/resilgen/resilgen/integrations/page"
)

// A config says how the program is to run.
type config struct {
	shop, ops string // addresses to listen at
	token     string // for actions on the page
	overrides string // a file; "" for none
	spans     sdktrace.SpanExporter
}

// A program is the shop with its services, its load, and what operators see.
type program struct {
	shop, ops string // URLs
	backends  backends
	telemetry *telemetry

	closing []func() // the last first
}

// start starts everything, in the order in which one thing needs the other.
func start(c config) (p *program, err error) {
	p = &program{telemetry: newTelemetry(c.spans)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	p.onClose(func() { within(p.telemetry.close) })

	services, at, err := startBackends()
	p.backends = services
	p.onClose(services.close)
	if err != nil {
		return p, err
	}
	s, err := newShop(at, p.telemetry.tracer(), p.telemetry.options()...)
	if err != nil {
		return p, err
	}
	p.onClose(s.close)
	if c.overrides != "" {
		file := overridesFile{path: c.overrides, apply: p.telemetry.clients.Apply}
		file.load() // after all clients are made
		p.background(func(ctx context.Context) { file.watch(ctx, 5*time.Second) })
	}

	page := resilpage.New(&p.telemetry.clients, resilpage.WithTitle("shop, example"), resilpage.WithToken(c.token))
	if p.ops, err = p.serve(c.ops, opsHandler(p.telemetry, page, services)); err != nil {
		return p, err
	}
	p.onClose(func() { page.Close() })                        // or the server waits for those who look
	p.background(func(ctx context.Context) { page.Run(ctx) }) // so that it has the last five minutes
	if p.shop, err = p.serve(c.shop, s.handler()); err != nil {
		return p, err
	}
	p.background(func(ctx context.Context) { load(ctx, p.shop+"/orders", 20, 20*time.Millisecond) })
	return p, nil
}

// close ends everything.
func (p *program) close() {
	for i := len(p.closing) - 1; i >= 0; i-- {
		p.closing[i]()
	}
}

func (p *program) onClose(f func()) { p.closing = append(p.closing, f) }

// background runs f until the program is closed.
func (p *program) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f(ctx) })
	p.onClose(func() {
		cancel()
		running.Wait()
	})
}

// serve serves h at an address until the program is closed, and returns the URL.
func (p *program) serve(addr string, h http.Handler) (url string, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	var running sync.WaitGroup
	running.Go(func() { server.Serve(l) })
	p.onClose(func() {
		within(server.Shutdown)
		running.Wait()
	})
	return "http://" + l.Addr().String(), nil
}

// within gives what ends a few seconds to do so.
func within(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return f(ctx)
}
