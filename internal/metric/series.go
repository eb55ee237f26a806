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

	known atomic.Pointer[map[series]V] // never changed, only replaced
	mu    sync.Mutex                   // held to replace it
}

type series struct {
	client, method string
	word           uint8
}

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
	if v, ok := (*s.known.Load())[of]; ok {
		return v
	}
	return s.add(of, method)
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
