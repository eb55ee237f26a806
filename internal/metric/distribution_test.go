package metric

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"
	"unsafe"
)

func TestBucketsHoldTheirBounds(t *testing.T) {
	d := List[CallDuration].NewDistribution()
	for _, n := range []time.Duration{0, time.Millisecond, time.Millisecond + 1, 10 * time.Second, 10*time.Second + 1, time.Hour} {
		d.Add(int64(n))
	}
	count, sum, below := d.Read()
	want := map[float64]uint64{.001: 2, .005: 3, .01: 3, .025: 3, .05: 3, .1: 3, .25: 3, .5: 3, 1: 3, 2.5: 3, 5: 3, 10: 4}
	if count != 6 || sum != 3620.002000002 || !reflect.DeepEqual(below, want) {
		t.Errorf("got %d, %v, %v, want 6, 3620.002000002, %v", count, sum, below, want)
	}
	n := List[CallRetries].NewDistribution()
	n.Add(2)
	n.Add(9)
	if count, sum, below := n.Read(); count != 2 || sum != 11 || below[1] != 0 || below[2] != 1 || below[5] != 1 {
		t.Errorf("of retries: %d, %v, %v", count, sum, below)
	}
}

func TestNothingIsLostOfWhatIsCountedAtOnce(t *testing.T) {
	d := List[CallDuration].NewDistribution()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 10_000 {
				d.Add(int64(time.Second) - int64(i))
				if rand.N(1000) == 0 {
					d.Read()
				}
			}
		})
	}
	all.Wait()
	if count, sum, below := d.Read(); count != 80_000 || sum != 80_000-8*49_995_000*1e-9 || below[1] != 80_000 || below[.5] != 0 {
		t.Errorf("got %d, %v, %v", count, sum, below)
	}
}

func TestDurationsAreSpreadOverTheStripes(t *testing.T) {
	d := List[CallDuration].NewDistribution()
	for i := range 8000 {
		d.Add(int64(time.Millisecond) + int64(i%100)*100) // a clock that ticks every 100 ns
	}
	for i := range d.stripes {
		n := uint64(0)
		for b := range d.stripes[i].buckets {
			n += d.stripes[i].buckets[b].Load()
		}
		if n < 500 {
			t.Errorf("stripe %d has %d of 8000", i, n)
		}
	}
}

// Two cores that count at once would slow each other down.
func TestStripesShareNoCacheLine(t *testing.T) {
	if n := unsafe.Sizeof(stripe{}); n%128 != 0 {
		t.Errorf("a stripe has %d bytes", n)
	}
}
