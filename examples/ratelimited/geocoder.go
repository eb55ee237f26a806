package main

import (
	"context"
	"errors"
	"sync"

	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// Geocoder is a service with rate limits. All its errors mean that it is failing,
// except those that it marks as application errors.
//
//resil:breaker consecutive=5 ratio=off open=2s probes=1
//resil:classify all
type Geocoder interface {
	// Locate may be called three times in three seconds: in a burst, or once a second
	// on average. Further calls are refused.
	//
	//resil:limit 3/3s
	Locate(ctx context.Context, address string) (string, error)

	// Reverse waits up to five seconds until the limit admits it.
	//
	//resil:limit 20/s burst=1 wait=5s
	Reverse(ctx context.Context, position string) (string, error)

	// Distance waits for the same time before each retry.
	//
	//resil:retry 4 backoff=constant initial=20ms jitter=none
	Distance(ctx context.Context, address string) (string, error)

	// Route waits twice as long before each further retry.
	//
	//resil:retry 4 backoff=exponential initial=20ms jitter=none
	Route(ctx context.Context, address string) (string, error)

	// Traffic waits for a random part of that time, so that callers that failed at the
	// same time do not retry at the same time. This is the default.
	//
	//resil:retry 4 initial=20ms
	Traffic(ctx context.Context, address string) (string, error)
}

var (
	errFailing   = errors.New("the geocoder is failing")
	errNoAddress = errors.New("no such address")
)

// nowhere is an address that does not exist.
const nowhere = "nowhere"

// A geocoder is the service.
type geocoder struct {
	mu      sync.Mutex
	calls   int
	failing int // how many more calls fail
}

func (g *geocoder) answer(address string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
	switch {
	case g.failing > 0:
		g.failing--
		return "", errFailing
	case address == nowhere:
		return "", resil.App(errNoAddress)
	}
	return "the geocoder's answer", nil
}

// fail makes the next n calls fail and those after them succeed.
func (g *geocoder) fail(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failing = n
}

// called returns the number of calls since it was last called.
func (g *geocoder) called() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.calls
	g.calls = 0
	return n
}

func (g *geocoder) Locate(_ context.Context, address string) (string, error) {
	return g.answer(address)
}

func (g *geocoder) Reverse(_ context.Context, position string) (string, error) {
	return g.answer(position)
}

func (g *geocoder) Distance(_ context.Context, address string) (string, error) {
	return g.answer(address)
}

func (g *geocoder) Route(_ context.Context, address string) (string, error) {
	return g.answer(address)
}

func (g *geocoder) Traffic(_ context.Context, address string) (string, error) {
	return g.answer(address)
}
