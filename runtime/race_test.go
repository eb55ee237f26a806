//go:build race

package resil_test

// tokenAllocations is what a token may allocate: under the race detector its random bytes
// are on the heap too.
const tokenAllocations = 2
