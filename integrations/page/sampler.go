package resilpage

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

const tick = time.Second

// A sampler keeps the history of the clients. It runs while somebody reads, and some time
// longer.
type sampler struct {
	page  *Page
	began time.Time
	lock  chan struct{} // holds one value; guards what follows, and is waited for with a context

	clients map[*resil.Client]*sampled
	seen    int    // clients so far
	shown   *State // of the last tick that somebody looked at
	shownAt time.Time
	found   map[string]*State // what filters have let through since foundAt
	foundAt time.Time

	quietTill time.Time // streams get nothing before

	mu      sync.Mutex // guards what follows
	running bool
	keeping int // calls of Run
	readAt  time.Time
	done    sync.WaitGroup
}

// A sampled is a client with its history.
type sampled struct {
	id      string
	stats   resil.Stats // of the last sample
	methods []history
}

func (s *sampler) init(p *Page) {
	s.page, s.began, s.lock, s.clients, s.found = p, time.Now(), make(chan struct{}, 1), map[*resil.Client]*sampled{}, map[string]*State{}
}

// Run keeps the history of the last five minutes while nobody looks, until ctx ends or the
// page is closed, so that who opens the page at night sees how it began. It costs one reading
// of the statistics a second.
//
//	go page.Run(ctx)
func (p *Page) Run(ctx context.Context) {
	s := &p.sampler
	s.keep(1)
	defer s.keep(-1)
	s.start()
	select {
	case <-ctx.Done():
	case <-p.closed:
	}
}

func (s *sampler) keep(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keeping += n
}

// touch notes that somebody reads.
func (s *sampler) touch() {
	s.mu.Lock()
	s.readAt = time.Now()
	s.mu.Unlock()
	s.start()
}

// start starts the sampling, if it does not run.
func (s *sampler) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.page.closed:
		return
	default:
	}
	if !s.running {
		s.running = true
		s.done.Go(s.run)
	}
}

// close ends the sampling; nothing starts it again.
func (s *sampler) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.page.closed)
}

// run samples each second.
func (s *sampler) run() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.page.closed:
			return
		}
		if s.isIdle() {
			return
		}
		s.sample()
	}
}

// isIdle reports whether nobody reads any more. Then the sampling has ended, and the history
// is forgotten.
func (s *sampler) isIdle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeping > 0 || s.page.streams.Load() > 0 || time.Since(s.readAt) < readFor {
		return false
	}
	s.running = false
	s.lock <- struct{}{}
	for _, c := range s.clients {
		clear(c.methods)
	}
	s.forget()
	<-s.lock
	return true
}

// sample takes a sample, and shows it to the streams.
func (s *sampler) sample() {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	now := time.Now()
	if s.page.streams.Load() == 0 || now.Before(s.quietTill) {
		s.update(now)
		return
	}
	s.page.publisher.publish(s.page.templated(s.refresh()))
	s.quietTill = now.Add(min(quiet*time.Since(now), mostQuiet) - tick/2)
}

// Writing what streams get may take a tenth of one core, so that a thousand clients do not
// cost the program more. Readers are told that they are not live after five seconds.
const (
	quiet     = 10
	mostQuiet = 4 * time.Second
)

// current is the state, of a second ago at most.
func (s *sampler) current(ctx context.Context) (*State, error) {
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.shown == nil || time.Since(s.shownAt) >= tick {
		return s.refresh(), nil
	}
	return s.shown, nil
}

// stale makes the next reader see what is so then.
func (s *sampler) stale() {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	s.forget()
}

// forget forgets what was shown. The caller holds the lock.
func (s *sampler) forget() {
	s.shown = nil
	clear(s.found)
}

// refresh reads and describes all clients. The caller holds the lock.
func (s *sampler) refresh() *State {
	now := time.Now()
	s.update(now)
	s.shown, s.shownAt = s.state(now, ""), now
	return s.shown
}

// maxFound is how many filters are remembered.
const maxFound = 32

// describe is the state under a filter, of a second ago at most.
func (s *sampler) describe(ctx context.Context, filter string) (*State, error) {
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := time.Now()
	if now.Sub(s.foundAt) >= tick {
		clear(s.found)
		s.foundAt = now
	}
	if state := s.found[filter]; state != nil {
		return state, nil
	}
	s.update(now)
	state := s.state(now, filter)
	if len(s.found) < maxFound {
		s.found[filter] = state
	}
	return state, nil
}

// update reads the counters of all clients, and forgets those that have left.
func (s *sampler) update(now time.Time) {
	listed := s.page.registry.Clients()
	here := make(map[*resil.Client]bool, len(listed))
	for _, c := range listed {
		here[c] = true
	}
	maps.DeleteFunc(s.clients, func(c *resil.Client, _ *sampled) bool { return !here[c] })
	for _, c := range listed {
		stats := c.Stats()
		methods := stats.Methods
		known := s.clients[c]
		if known == nil {
			s.seen++
			known = &sampled{id: fmt.Sprintf("c%d", s.seen), methods: make([]history, len(methods))}
			s.clients[c] = known
		}
		known.stats = stats
		for i := range methods {
			known.methods[i].sample(now.Sub(s.began), sumsOf(&methods[i]))
		}
	}
}

// state describes all clients that match a filter, worst first.
func (s *sampler) state(now time.Time, filter string) *State {
	d := describer{printer: &s.page.printer, seed: s.page.seed, filter: strings.ToLower(filter), at: now}
	state := &State{At: now, Title: s.page.title, PID: os.Getpid(), Chaos: []string{}, Clients: []ClientState{}, Actions: s.page.record.last()}
	var all []ClientState
	done := map[*resil.Client]bool{}
	for _, c := range s.page.registry.Clients() {
		known := s.clients[c]
		if known == nil || done[c] {
			continue
		}
		done[c] = true
		recent := make([]span, len(known.methods))
		for i := range recent {
			recent[i] = known.methods[i].recent()
		}
		described := d.client(known.id, c, &known.stats, recent)
		all = append(all, described)
		if described.Chaos {
			state.Chaos = append(state.Chaos, described.Name)
		}
		if !described.isEmpty() {
			state.Clients = append(state.Clients, described)
		}
	}
	state.Status, state.Summary = summary(all)
	slices.SortStableFunc(state.Clients, func(a, b ClientState) int { return b.Status.rank() - a.Status.rank() })
	return state
}

// find returns the listed client with an ID or a name, if no other has that too. Where
// several do, named says the name of the one.
func (s *sampler) find(text, named string) (found *resil.Client) {
	s.lock <- struct{}{}
	defer func() { <-s.lock }()
	for c, known := range s.clients {
		if known.id != text && nameOf(c) != text {
			continue
		}
		switch {
		case found == nil:
			found = c
		case nameOf(found) == named && nameOf(c) == named, nameOf(found) != named && nameOf(c) != named:
			return nil
		case nameOf(c) == named:
			found = c
		}
	}
	return found
}
