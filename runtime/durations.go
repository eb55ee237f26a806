package resil

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Durations say how many of something took how long. A [Profile] has one bucket for each
// sixteenth of a power of two, from about 1 µs to 73 minutes, so that what is read from
// them is at most a sixteenth longer than the truth, and never shorter.
//
// In JSON they are a list of pairs: [[1114112,3],[1179648,12]] is 3 that took up to
// 1,114,112 ns, and 12 that took longer than that, up to 1,179,648 ns.
type Durations []DurationBucket

// A DurationBucket counts durations that are longer than UpTo of the bucket before.
type DurationBucket struct {
	UpTo  time.Duration // the longest, or a little more
	Count uint64        // not 0
}

// Total returns how many there are.
func (d Durations) Total() (n uint64) {
	for _, b := range d {
		n += b.Count
	}
	return n
}

// Quantile returns the duration that a share q of them do not exceed: 0.99 gives p99. It is
// 0 where there are none.
func (d Durations) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(d.Total())))
	var n uint64
	for _, b := range d {
		if n += b.Count; n >= rank {
			return b.UpTo
		}
	}
	return 0
}

// Over returns how many took longer than limit. Those in the bucket of limit are in it
// unless limit is the end of it.
func (d Durations) Over(limit time.Duration) (n uint64) {
	for _, b := range d {
		if b.UpTo > limit {
			n += b.Count
		}
	}
	return n
}

// Mean returns the mean. It is 0 where there are none.
func (d Durations) Mean() time.Duration {
	n := d.Total()
	if n == 0 {
		return 0
	}
	sum := 0.0
	for _, b := range d {
		sum += float64(b.UpTo) * float64(b.Count)
	}
	return time.Duration(min(sum/float64(n), math.MaxInt64/2))
}

// with returns the durations of both.
func (d Durations) with(o Durations) (sum Durations) {
	for len(d) > 0 || len(o) > 0 {
		switch {
		case len(o) == 0 || len(d) > 0 && d[0].UpTo < o[0].UpTo:
			sum, d = append(sum, d[0]), d[1:]
		case len(d) == 0 || o[0].UpTo < d[0].UpTo:
			sum, o = append(sum, o[0]), o[1:]
		default:
			sum = append(sum, DurationBucket{d[0].UpTo, d[0].Count + o[0].Count})
			d, o = d[1:], o[1:]
		}
	}
	return sum
}

// MarshalJSON returns a list of pairs.
func (d Durations) MarshalJSON() ([]byte, error) {
	pairs := make([][2]uint64, len(d))
	for i, b := range d {
		pairs[i] = [2]uint64{uint64(b.UpTo), b.Count}
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON reads a list of pairs, which must be sorted.
func (d *Durations) UnmarshalJSON(text []byte) error {
	var pairs [][]uint64
	if err := json.Unmarshal(text, &pairs); err != nil {
		return err
	}
	*d = nil
	var last, total uint64
	for _, p := range pairs {
		if len(p) != 2 || p[0] <= last || p[0] > math.MaxInt64 || p[1] == 0 || total+p[1] < total {
			return fmt.Errorf("durations: %v is no pair of nanoseconds, more than in the pair before, and a count", p)
		}
		last, total = p[0], total+p[1]
		*d = append(*d, DurationBucket{time.Duration(p[0]), p[1]})
	}
	return nil
}

// durations are those that a profile records.
type durations [buckets]atomic.Uint64

const (
	firstBit = 10 // durations up to two to the power of this have one bucket
	lastBit  = 42 // and so have those above two to the power of this
	parts    = 4  // bits that tell the buckets of a power of two apart
	buckets  = (lastBit-firstBit)<<parts + 2
)

func (d *durations) add(took time.Duration) { d[bucketOf(took)].Add(1) }

// bucketOf returns the bucket for a duration.
func bucketOf(took time.Duration) int {
	ns := uint64(max(took, 1) - 1) // the end belongs to a bucket, the beginning does not
	log := bits.Len64(ns) - 1
	switch {
	case log < firstBit:
		return 0
	case log >= lastBit:
		return buckets - 1
	}
	return 1 + (log-firstBit)<<parts + int(ns>>(log-parts))&(1<<parts-1)
}

// endOf returns the longest duration in a bucket.
func endOf(bucket int) time.Duration {
	switch bucket {
	case 0:
		return 1 << firstBit
	case buckets - 1:
		return math.MaxInt64
	}
	log, part := firstBit+(bucket-1)>>parts, (bucket-1)&(1<<parts-1)
	return time.Duration(1<<parts+part+1) << (log - parts)
}

func (d *durations) snapshot() (list Durations) {
	for i := range d {
		if n := d[i].Load(); n > 0 {
			list = append(list, DurationBucket{endOf(i), n})
		}
	}
	return list
}
