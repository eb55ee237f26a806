//go:build !race

package resil_test

// tokenAllocations is what a token may allocate.
const tokenAllocations = 1
