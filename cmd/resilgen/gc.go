package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// enoughMemory is the memory in bytes that a run may use before garbage is collected.
// Most runs use little more, and much of what they have allocated by then is garbage.
// Earlier collections would take processor time and free little.
const enoughMemory = 84 << 20

// collectLate has garbage collected only when the program uses [enoughMemory], until half
// of that is no garbage. Then the usual settings are back. It does nothing if GOGC or
// GOMEMLIMIT is set.
func collectLate() {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(enoughMemory)
	restore := func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
	if percent != 100 || limit != math.MaxInt64 {
		restore()
		return
	}
	afterCollection(func() (again bool) {
		if liveHeap() < enoughMemory/2 {
			return true
		}
		restore()
		return false
	})
}

// afterCollection calls f after the next garbage collection, and after the one that
// follows if f returns true.
func afterCollection(f func() (again bool)) {
	runtime.AddCleanup(new(*int), func(f func() bool) {
		if f() {
			afterCollection(f)
		}
	}, f)
}

// liveHeap returns how many bytes of the heap the last garbage collection has left.
func liveHeap() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return live[0].Value.Uint64()
}
