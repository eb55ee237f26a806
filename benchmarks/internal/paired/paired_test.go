package paired

import "testing"

func TestRatioPairsTheRounds(t *testing.T) {
	// The medians' ratio would be 2, the rounds' own are 0.1, 10 and 1.5.
	a, b := []float64{1, 20, 45}, []float64{10, 2, 30}
	if got := Ratio(a, b); got != 1.5 {
		t.Errorf("got %v, want 1.5", got)
	}
	if got := Ratio(append(a, 1000), b); got != 1.5 {
		t.Errorf("with a round that b has not: got %v, want 1.5", got)
	}
}

func TestMedian(t *testing.T) {
	for want, values := range map[float64][]float64{2: {9, 1, 2}, 2.5: {3, 1, 2, 9}, 7: {7}} {
		if got := Median(values); got != want {
			t.Errorf("median of %v is %v, want %v", values, got, want)
		}
	}
}
