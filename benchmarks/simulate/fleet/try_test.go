package fleet

import (
	"fmt"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	for _, rate := range []float64{100, 1000, 10000, 100000} {
		for _, n := range []int{1, 8, 50, 200, 1000, 10000} {
			for _, d := range []float64{0.5, 1, 2, 10} {
				s := New(n, rate).Equal(d)
				start := time.Now()
				r := s.Run()
				least, tw := r.Fairness()
				fmt.Printf("%6.0f/s %5d x%4.1f used %.3f of %.3f excess %.0f (depth %d, bound %.0f) worst1s %d worst200 %d asks/call %.3f asks/s %.0f util %.2f lost %.2f queue %v fair %.2f %.2f  took %v\n", rate, n, d, r.Used(), min(d, 1), r.Excess, s.Depth(), s.Bound(0), r.Worst(time.Second), r.Worst(200*time.Millisecond), r.AsksPerCall(), r.AsksPerSecond(), r.Utilisation(), r.Lost(), r.Queue, least, tw, time.Since(start).Round(time.Millisecond))
			}
		}
	}
}
