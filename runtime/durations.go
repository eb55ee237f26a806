package resil

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Durations say how many of something took how long. Those that a client records have
// buckets in steps of at most a sixteenth, from 1 µs to 5,000 s, about 83 minutes. What is
// read from them is at most a sixteenth longer than the truth, and never shorter. Durations
// up to 1 µs read as 1 µs, and those over 5,000 s as the longest [time.Duration]. Powers of
// ten, and 2.5 and 5 times those, are bounds of buckets.
//
// In JSON they are a list of pairs: [[1062500,3],[1125000,12]] is 3 that took up to
// 1,062,500 ns, and 12 that took longer than that, up to 1,125,000 ns.
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

// Mean returns the mean, in which each duration counts as the UpTo of its bucket. One that
// reads as the longest makes it useless. It is 0 where there are none.
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

// durations are counted while calls run.
type durations struct {
	sum    atomic.Int64 // ns
	counts [buckets]atomic.Uint64
}

// Buckets are steps of a sixteenth of what is a power of ten, or 2.5 or 5 times one, and the
// largest of those that is not above them. So the bounds that histograms usually have are
// bounds of buckets too.
const (
	firstBound = 1000 // ns; durations up to this have one bucket
	decades    = 9    // that have all three
	lastBound  = 5 * firstBound * 1_000_000_000
	steps      = 16 // in what is as long as what it begins with
	buckets    = decades*(24+16+16) + 24 + 16 + 2
)

// A stretch is what begins with one of those lengths. It ends where the next begins.
type stretch struct {
	start  uint64 // ns, not in it
	bucket int    // the first
}

var stretches, stretchOf = func() (list []stretch, of [65]int) {
	at := stretch{firstBound, 1}
	for at.start < lastBound {
		for _, next := range [...]uint64{at.start / 2 * 5, at.start * 5, at.start * 10} {
			list = append(list, at)
			at = stretch{next, at.bucket + int((next-at.start)*steps/at.start)}
			if at.start == lastBound {
				break
			}
		}
	}
	list = append(list, at)
	// By the length of a number in bits, the stretch of the smallest such number. The next
	// is at least twice as far, so that it is that or the next one.
	for n := range of {
		for i, s := range list {
			if n > 0 && s.start <= 1<<(n-1) {
				of[n] = i
			}
		}
	}
	return list, of
}()

func (d *durations) add(took time.Duration) {
	d.counts[bucketOf(took)].Add(1)
	d.sum.Add(int64(took))
}

// bucketOf returns the bucket for a duration.
func bucketOf(took time.Duration) int {
	n := uint64(max(took, 1) - 1) // the end belongs to a bucket, the beginning does not
	switch {
	case n < firstBound:
		return 0
	case n >= lastBound:
		return buckets - 1
	}
	at := stretchOf[bits.Len64(n)]
	if n >= stretches[at+1].start {
		at++
	}
	s := &stretches[at]
	return s.bucket + int((n-s.start)*steps/s.start)
}

// endOf returns the longest duration in a bucket.
func endOf(bucket int) time.Duration {
	switch bucket {
	case 0:
		return firstBound
	case buckets - 1:
		return math.MaxInt64
	}
	at := 0
	for bucket >= stretches[at+1].bucket {
		at++
	}
	s := stretches[at]
	return time.Duration(s.start + (uint64(bucket-s.bucket+1)*s.start+steps-1)/steps)
}

// list adds what has been counted to a list, and returns it.
func (d *durations) list(to Durations) Durations {
	var own Durations
	for i := range d.counts {
		if n := d.counts[i].Load(); n > 0 {
			own = append(own, DurationBucket{endOf(i), n})
		}
	}
	return to.with(own)
}
