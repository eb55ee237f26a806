package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// firstCollection is the memory in bytes that a run may use before the first garbage
// collection. Most runs end at about that, and still need a third of what they have
// allocated. Earlier collections would free little and cost as much as later ones.
const firstCollection = 72 << 20

// delayFirstCollection delays the first garbage collection. It does nothing if GOGC
// or GOMEMLIMIT is set.
func delayFirstCollection() {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(firstCollection)
	if percent < 0 || limit != math.MaxInt64 {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
		return
	}
	// The first collection finds this value unused, and restores the usual settings.
	runtime.AddCleanup(new(*int), func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percent)
}
