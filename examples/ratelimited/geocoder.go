package main

import (
	"context"
	"errors"
	"sync"

	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// Geocoder is a service that lets nobody call as often as they like. Its errors
// mean trouble, except those that it marks as answers.
//
//resil:breaker consecutive=5 ratio=off open=2s probes=1
//resil:classify all
type Geocoder interface {
	// Locate may be called three times in three seconds: all at once after a quiet
	// time, one a second in the long run. What is over that is refused.
	//
	//resil:limit 3/3s
	Locate(ctx context.Context, address string) (string, error)

	// Reverse waits for its turn, for up to five seconds.
	//
	//resil:limit 20/s burst=1 wait=5s
	Reverse(ctx context.Context, position string) (string, error)

	// Distance pauses for the same time before each retry.
	//
	//resil:retry 4 backoff=constant initial=20ms jitter=none
	Distance(ctx context.Context, address string) (string, error)

	// Route pauses for twice as long each time.
	//
	//resil:retry 4 backoff=exponential initial=20ms jitter=none
	Route(ctx context.Context, address string) (string, error)

	// Traffic pauses for a random part of that, so that callers who failed together
	// do not come back together. This is how retries are where a directive does
	// not say otherwise.
	//
	//resil:retry 4 initial=20ms
	Traffic(ctx context.Context, address string) (string, error)
}

var (
	errTrouble   = errors.New("the geocoder is in trouble")
	errNoAddress = errors.New("no such address")
)

// nowhere is an address that does not exist.
const nowhere = "nowhere"

// A geocoder is the service itself, as its callers come to see it.
type geocoder struct {
	mu      sync.Mutex
	calls   int
	failing int // calls that it will yet fail
}

func (g *geocoder) answer(address string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
	switch {
	case g.failing > 0:
		g.failing--
		return "", errTrouble
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

// called returns how many calls have come since it was last asked.
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
