// Package paired summarizes measurements that were taken in rounds.
package paired

import "slices"

// Ratio returns the median of a's values over b's in the same rounds. It ignores rounds
// that only one of them has.
func Ratio(a, b []float64) float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return Median(ratios)
}

// Median returns the middle value, or the mean of the two in the middle. There must be
// at least one value.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
