package lease

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBusy: the bucket counts each process once that has asked within Recent.
func TestBusy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Bucket
		last := map[int]time.Duration{}
		now := time.Duration(0)
		for range rapid.IntRange(1, 100).Draw(t, "asks") {
			now += rapid.SampledFrom([]time.Duration{0, 1, Recent / 10, Recent, Recent + 1}).Draw(t, "passed")
			who := rapid.IntRange(0, 5).Draw(t, "who")
			last[who] = now
			want := 0
			for _, at := range last {
				if now-at <= Recent {
					want++
				}
			}
			if got := b.Take(now, 10, 10, 1, who).Busy; got != want {
				t.Fatalf("%d processes at %v, want %d", got, now, want)
			}
		}
	})
}
