package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// firstCollection is how much memory a run may use before the first garbage
// collection. Most runs end at about that, having kept a third of what they
// allocate: each collection on the way there would find little and cost as much.
const firstCollection = 72 << 20

// spareCollections puts off the first garbage collection. From then on they are
// as usual.
func spareCollections() {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(firstCollection)
	if percent < 0 || limit != math.MaxInt64 { // as GOGC=off or GOMEMLIMIT asks for
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
		return
	}
	runtime.AddCleanup(new(*int), func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percent)
}
