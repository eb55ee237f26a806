package simulation

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Scenario is a fleet of clients that calls one backend for a time.
type Scenario struct {
	Backend  Backend
	Policy   Policy
	Clients  int
	Rate     float64       // calls a second, of all clients together
	Lasts    time.Duration // how long calls are made
	Patience time.Duration // deadline of a call

	Hasty         float64 // share of the calls that have just HastyPatience
	HastyPatience time.Duration

	Begins, Ends time.Duration // of the fault, since the start
	Seed         uint64        // of everything that is left to chance, but for the policy's jitter
}

// Run plays the scenario. It must be called in a bubble of testing/synctest. Calls come
// at random, evenly spread over the clients.
func (s Scenario) Run() *Record {
	r := newRecord(s.Lasts)
	guards := make([]Guard, s.Clients)
	for i := range guards {
		guards[i] = s.Policy.New()
	}
	backend := s.Backend.start(s.Seed)
	random := rand.New(rand.NewPCG(s.Seed, 1))
	began := time.Now()
	var calls sync.WaitGroup
	for {
		pause := time.Duration(random.ExpFloat64() / s.Rate * float64(time.Second))
		time.Sleep(max(pause, 1)) // no two calls at once: see work
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
				return backend.serve(ctx)
			})
			r.call(at, hasty, err)
		})
	}
	calls.Wait()
	return r
}
