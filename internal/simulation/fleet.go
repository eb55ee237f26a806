package simulation

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Guard makes one call of a client: it calls the backend through a policy, as often
// as that says.
type Guard func(ctx context.Context, backend func(context.Context) error) error

// Plain is no policy: one call.
func Plain(ctx context.Context, backend func(context.Context) error) error { return backend(ctx) }

// A Scenario is a fleet of clients that calls one backend for a time.
type Scenario struct {
	Backend  *Backend
	Clients  int
	Rate     float64       // calls a second of all clients together
	Lasts    time.Duration // how long calls are made
	Patience time.Duration // deadline of a call
	Hasty    float64       // share of the calls that have just HastyPatience
	Guard    func(client int) Guard

	HastyPatience time.Duration
	Seed          uint64
}

// Run plays the scenario. It runs in virtual time and must be called in a bubble of
// testing/synctest. Calls come at random, evenly spread over the clients.
func (s Scenario) Run() *Record {
	r := newRecord(s.Lasts)
	guards := make([]Guard, s.Clients)
	for i := range guards {
		guards[i] = s.Guard(i)
	}
	s.Backend.start()
	random := rand.New(rand.NewPCG(s.Seed, 1))
	began := time.Now()
	var calls sync.WaitGroup
	for {
		time.Sleep(time.Duration(random.ExpFloat64() / s.Rate * float64(time.Second)))
		at := time.Since(began)
		if at >= s.Lasts {
			break
		}
		patience, hasty := s.Patience, random.Float64() < s.Hasty
		if hasty {
			patience = s.HastyPatience
		}
		guard := guards[random.IntN(len(guards))]
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			err := guard(ctx, func(ctx context.Context) error {
				r.attempt(time.Since(began))
				return s.Backend.serve(ctx)
			})
			r.call(at, hasty, err)
		})
	}
	calls.Wait()
	return r
}
