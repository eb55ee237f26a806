package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrFault is the backend's error for a call that fails because of the fault.
var ErrFault = errors.New("the backend fails")

// ErrFull is the backend's error for a call that finds its queue full.
var ErrFull = errors.New("the backend's queue is full")

// A Backend serves calls with a bounded number of workers. A call that finds no free
// worker waits in a queue. It is served even after its caller has gone, as in servers
// that do not look at the caller before they answer: an overloaded backend spends its
// workers on calls that nobody waits for.
//
// What changes with time is told as functions of the time since the start. A nil
// function means that the backend has no such fault.
type Backend struct {
	Workers int
	Takes   time.Duration // of a worker, on average; a call takes up to a fifth more or less
	Queue   int           // calls that may wait; one more gets ErrFull

	Hangs    func(at time.Duration) bool    // workers begin nothing; what they have begun they end
	Fails    func(at time.Duration) float64 // share of calls that get ErrFault, at once
	Capacity func(at time.Duration) float64 // share of the workers that work, one at least
}

// PerSecond is how many calls the backend can serve in a second.
func (b Backend) PerSecond() float64 {
	return float64(b.Workers) * float64(time.Second) / float64(b.Takes)
}

// A server is a backend at work.
type server struct {
	Backend
	began time.Time

	mu      sync.Mutex
	random  *rand.Rand
	busy    int
	waiting []chan struct{}
	polling bool // a timer looks whether the backend still hangs
}

func (b Backend) start(seed uint64) *server {
	return &server{Backend: b, began: time.Now(), random: rand.New(rand.NewPCG(seed, 2))}
}

// serve answers one call: with nil, with an error of the backend, or with ctx's error
// where the caller goes first.
func (s *server) serve(ctx context.Context) error {
	done, err := s.enqueue()
	if err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enqueue takes a call, and returns what is closed when the call has been served.
func (s *server) enqueue() (done chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Fails != nil && s.random.Float64() < s.Fails(time.Since(s.began)) {
		return nil, ErrFault
	}
	if len(s.waiting) >= s.Queue {
		return nil, ErrFull
	}
	done = make(chan struct{})
	s.waiting = append(s.waiting, done)
	s.work()
	return done, nil
}

// pollEach is how often a backend that hangs is looked at.
const pollEach = 10 * time.Millisecond

// work gives waiting calls to free workers. The caller holds s.mu.
//
// No two calls take exactly the same time, so that nothing depends on the order of
// things that happen at once: the same seed gives the same record.
func (s *server) work() {
	at := time.Since(s.began)
	if s.Hangs != nil && s.Hangs(at) {
		if !s.polling {
			s.polling = true
			time.AfterFunc(pollEach, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.polling = false
				s.work()
			})
		}
		return
	}
	for s.busy < s.workers(at) && len(s.waiting) > 0 {
		done := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.busy++
		takes := time.Duration((0.8 + 0.4*s.random.Float64()) * float64(s.Takes))
		time.AfterFunc(takes, func() {
			close(done)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.busy--
			s.work()
		})
	}
}

func (s *server) workers(at time.Duration) int {
	if s.Capacity == nil {
		return s.Workers
	}
	return max(int(s.Capacity(at)*float64(s.Workers)), 1)
}
