package metric

import (
	"math"
	"sync/atomic"
	"time"
)

// A Distribution counts durations, or numbers, by bucket. It is safe for concurrent use. Calls
// at the same time seldom write to the same place.
type Distribution struct {
	metric  *Metric
	bounds  []int64 // ns, or numbers
	stripes [stripes]stripe
}

const (
	stripeBits = 3
	stripes    = 1 << stripeBits
	spread     = 0x9e37_79b9_7f4a_7c15 // makes a stripe of the last digits of a duration, which are as good as random
)

// A stripe holds a part of what was counted, on cache lines of its own.
type stripe struct {
	buckets [maxBounds + 1]atomic.Uint64 // the last is for what is above all bounds
	sum     atomic.Int64
	_       [128 - (maxBounds+2)*8%128]byte
}

const maxBounds = 12

// NewDistribution returns an empty one of a histogram.
func (m *Metric) NewDistribution() *Distribution {
	d := &Distribution{metric: m, bounds: make([]int64, len(m.Bounds))}
	for i, b := range m.Bounds {
		d.bounds[i] = int64(math.Round(b * m.scale()))
	}
	return d
}

// scale is how many of what is counted make one of the unit.
func (m *Metric) scale() float64 {
	if m.Unit == "s" {
		return float64(time.Second)
	}
	return 1
}

// Add counts one: a duration, or a number.
func (d *Distribution) Add(n int64) {
	i := 0
	for i < len(d.bounds) && n > d.bounds[i] {
		i++
	}
	s := &d.stripes[uint64(n)*spread>>(64-stripeBits)]
	s.buckets[i].Add(1)
	s.sum.Add(n)
}

// Read returns how many were counted, their sum in the metric's unit, and how many are in
// or below each bucket, by its bound.
func (d *Distribution) Read() (count uint64, sum float64, below map[float64]uint64) {
	below = make(map[float64]uint64, len(d.bounds))
	total := int64(0)
	for i := range len(d.bounds) + 1 {
		for s := range d.stripes {
			count += d.stripes[s].buckets[i].Load()
		}
		if i < len(d.bounds) {
			below[d.metric.Bounds[i]] = count
		}
	}
	for s := range d.stripes {
		total += d.stripes[s].sum.Load()
	}
	return count, float64(total) / d.metric.scale(), below
}
