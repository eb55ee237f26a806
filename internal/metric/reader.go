package metric

import (
	"sync"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Reader reads the samples and histograms of the clients in a registry, again and again.
// Clients with the same name are one: their series are added up, and shares are those of the
// sums. What a client has counted that is removed stays in the sums and histograms as long as
// another has its name: a counter that falls a little looks as if it had begun again, and
// grown to all that is left. It is safe for concurrent use.
type Reader struct {
	view View

	mu    sync.Mutex
	stats memory[resil.Stats, *reading]
	took  memory[[]resil.MethodDurations, *distributions]
}

// NewReader returns one that has read nothing.
func NewReader(view View) *Reader { return &Reader{view: view} }

// Read returns the samples of the clients that registry lists, one for each series.
func (r *Reader) Read(registry *resil.Registry) []*Sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	zero := func() *reading { return newReading(r.view) }
	all := zero()
	for _, counted := range r.stats.read(registry, (*resil.Client).Stats, all, zero) {
		for _, s := range counted.samples {
			if List[s.ID].Kind == Counter {
				all.at(s.ID, s.Values).part += s.part
			}
		}
	}
	return all.samples
}

// Distributions returns the histograms of the clients that registry lists and that record
// durations, one for each series that has occurred.
func (r *Reader) Distributions(registry *resil.Registry) []*Distribution {
	r.mu.Lock()
	defer r.mu.Unlock()
	zero := func() *distributions { return newDistributions(r.view) }
	all := zero()
	for _, counted := range r.took.read(registry, (*resil.Client).Durations, all, zero) {
		for _, d := range counted.list {
			all.at(d.ID, d.Values).add(d)
		}
	}
	return all.list
}
