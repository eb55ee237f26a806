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

	near  [nearby]atomic.Pointer[seen[V]] // by a guess from a few letters: most are found here
	known atomic.Pointer[map[series]V]    // never changed, only replaced
	mu    sync.Mutex                      // held to replace it
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
	s.known.Store(new(map[series]V))
	return s
}

// Of returns what is kept for a series.
func (s *Series[V]) Of(client, method string, word uint8) V {
	of := series{client, method, word}
	if s.view.WithoutMethod {
		of.method = ""
	}
	near := &s.near[of.guess()]
	found := near.Load()
	if found != nil && found.series == of {
		return found.value
	}
	v, ok := (*s.known.Load())[of]
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
	return n + uint(s[0])*3 + uint(s[n/2])*5 + uint(s[n-1])*11
}

func (s *Series[V]) add(of series, method string) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := *s.known.Load()
	if v, ok := known[of]; ok {
		return v
	}
	v := s.create(of.client, method, of.word)
	known = maps.Clone(known)
	if known == nil {
		known = map[series]V{}
	}
	known[of] = v
	s.known.Store(&known)
	return v
}

// All yields what is kept.
func (s *Series[V]) All(yield func(V) bool) {
	for _, v := range *s.known.Load() {
		if !yield(v) {
			return
		}
	}
}
