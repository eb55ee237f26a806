package metric

import (
	"math"
	"slices"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A Distribution is the histogram of a series.
type Distribution struct {
	ID     ID
	Values []string // of the attributes that the view has
	Count  uint64
	Sum    float64            // in the unit of the metric
	Below  map[float64]uint64 // how many are in or below a bucket, by its bound
}

// durations adds durations. Their buckets end where those of the metric do, too.
func (d *Distribution) durations(took resil.Durations, sum time.Duration) {
	d.Sum += sum.Seconds()
	d.Count += took.Total()
	for _, bound := range List[d.ID].Bounds {
		d.Below[bound] += took.Total() - took.Over(time.Duration(math.Round(bound*float64(time.Second))))
	}
}

// numbers adds numbers of which there are n[0] ones, n[1] twos and so on.
func (d *Distribution) numbers(n []uint64, sum uint64) {
	d.Sum += float64(sum)
	for i, count := range n {
		d.Count += count
		for _, bound := range List[d.ID].Bounds {
			if float64(i+1) <= bound {
				d.Below[bound] += count
			}
		}
	}
}

// add adds what another histogram of the same metric has.
func (d *Distribution) add(o *Distribution) {
	d.Count += o.Count
	d.Sum += o.Sum
	for bound, n := range o.Below {
		d.Below[bound] += n
	}
}

// distributions gathers them, one for each set of attributes.
type distributions struct {
	view  View
	list  []*Distribution
	index map[string]*Distribution // by metric and attributes
}

func newDistributions(v View) *distributions {
	return &distributions{view: v, index: map[string]*Distribution{}}
}

func (r *distributions) client(name string, methods []resil.MethodDurations) {
	for _, m := range methods {
		for _, c := range m.Calls {
			values := []string{name, m.Name, c.Outcome.String()}
			r.of(CallDuration, values).durations(c.Took, c.Sum)
			if c.Retries > 0 {
				r.of(CallRetries, values).numbers(c.Retried, c.Retries)
			}
		}
		for _, a := range m.Attempts {
			r.of(AttemptDuration, []string{name, m.Name, a.Class.String()}).durations(a.Took, a.Sum)
		}
	}
}

func (r *distributions) of(id ID, values []string) *Distribution {
	return r.at(id, r.view.Values(id, slices.Clone(values)...))
}

// at returns the histogram of a series, whose values are those that the view has.
func (r *distributions) at(id ID, values []string) *Distribution {
	key := keyOf(id, values)
	d := r.index[key]
	if d == nil {
		d = &Distribution{ID: id, Values: values, Below: map[float64]uint64{}}
		r.index[key] = d
		r.list = append(r.list, d)
	}
	return d
}
