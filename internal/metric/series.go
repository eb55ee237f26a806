package metric

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Series keep something for each client, method and word (an outcome or a class) that an
// observer has been told of. It is safe for concurrent use, and calls share no lock for what
// has been seen before.
type Series[V any] struct {
	view   View
	create func(client, method string, word uint8) V

	// By a guess from a few letters. Most are the only one with theirs.
	near  [nearby]atomic.Pointer[seen[V]]      // the first that was seen
	known [nearby]atomic.Pointer[map[series]V] // all of them; maps are never changed, only replaced
	mu    sync.Mutex                           // held to replace one
}

type series struct {
	client, method string
	word           uint8
}

type seen[V any] struct {
	series
	value V
}

const nearby = 256

// NewSeries returns one in which nothing has been seen. create is called once for each
// series; where the view is without methods, with the first method that was seen.
func NewSeries[V any](view View, create func(client, method string, word uint8) V) *Series[V] {
	s := &Series[V]{view: view, create: create}
	for i := range s.known {
		s.known[i].Store(new(map[series]V))
	}
	return s
}

// Of returns what is kept for a series.
func (s *Series[V]) Of(client, method string, word uint8) V {
	of := series{client, method, word}
	if s.view.WithoutMethod {
		of.method = ""
	}
	guess := of.guess()
	near := &s.near[guess]
	found := near.Load()
	if found != nil && found.series == of {
		return found.value
	}
	v, ok := (*s.known[guess].Load())[of]
	if !ok {
		v = s.add(of, method)
	}
	if found == nil { // who was there first stays
		near.CompareAndSwap(nil, &seen[V]{of, v})
	}
	return v
}

// guess is a place that few other series have. A hash of the names would take longer than
// comparing them.
func (s *series) guess() uint {
	return (letters(s.client)*31 + letters(s.method)*7 + uint(s.word)) % nearby
}

func letters(s string) uint {
	n := uint(len(s))
	if n == 0 {
		return 0
	}
	return n + uint(s[0])*3 + uint(s[n/2])*5 + uint(s[n-1])*11 + uint(s[n-1-min(n-1, 1)])*17
}

func (s *Series[V]) add(of series, method string) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := of // as exporters accept it, so that two names which look the same are one
	shown.client = valid(of.client)
	v, ok := (*s.known[shown.guess()].Load())[shown]
	if !ok {
		v = s.create(shown.client, method, of.word)
		s.know(shown, v)
	}
	if of != shown {
		s.know(of, v)
	}
	return v
}

// know adds a series. The caller holds s.mu.
func (s *Series[V]) know(of series, v V) {
	at := &s.known[of.guess()]
	next := maps.Clone(*at.Load())
	if next == nil {
		next = map[series]V{}
	}
	next[of] = v
	at.Store(&next)
}

// All yields what is kept.
func (s *Series[V]) All(yield func(V) bool) {
	for i := range s.known {
		for of, v := range *s.known[i].Load() {
			if of.client == valid(of.client) && !yield(v) {
				return
			}
		}
	}
}
