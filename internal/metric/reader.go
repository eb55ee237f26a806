package metric

import (
	"sync"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Reader reads the samples of the clients in a registry, again and again. Clients with the
// same name are one: their series are added up, and shares are those of the sums. What a
// client has counted that is removed stays in the sums as long as another has its name: a
// counter that falls a little looks as if it had begun again, and grown to all that is left.
// It is safe for concurrent use.
type Reader struct {
	view View

	mu   sync.Mutex
	last map[*resil.Client]resil.Stats // at the last reading
	gone map[string]*reading           // counters of clients that are removed, by name
}

// NewReader returns one that has read nothing.
func NewReader(view View) *Reader {
	return &Reader{view: view, gone: map[string]*reading{}}
}

// Read returns the samples of the clients that registry lists, one for each series.
func (r *Reader) Read(registry *resil.Registry) []*Sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, now, names := newReading(r.view), map[*resil.Client]resil.Stats{}, map[string]bool{}
	for _, client := range registry.Clients() {
		if _, twice := now[client]; twice {
			continue
		}
		stats := client.Stats()
		now[client], names[stats.Client] = stats, true
		all.client(stats)
	}
	for client, stats := range r.last {
		if _, listed := now[client]; !listed && names[stats.Client] {
			r.retire(stats)
		}
	}
	r.last = now
	for name, counted := range r.gone {
		if !names[name] {
			delete(r.gone, name)
			continue
		}
		for _, s := range counted.samples {
			if List[s.ID].Kind == Counter {
				all.at(s.ID, s.Values).part += s.part
			}
		}
	}
	return all.samples
}

// retire keeps what a client has counted.
func (r *Reader) retire(stats resil.Stats) {
	if r.gone[stats.Client] == nil {
		r.gone[stats.Client] = newReading(r.view)
	}
	r.gone[stats.Client].client(stats)
}
