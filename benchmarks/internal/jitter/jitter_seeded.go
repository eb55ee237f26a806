//go:build seeded

package jitter

import (
	"math/rand/v2"
	"sync"
	_ "unsafe" // for go:linkname
)

// globalRand is what the functions of math/rand/v2 draw from, and with them the jitter of
// both libraries, which offer no seed. The linker allows this with -checklinkname=0 only.
//
//go:linkname globalRand math/rand/v2.globalRand
var globalRand *rand.Rand

func init() {
	Seed = func(seed uint64) {
		globalRand = rand.New(&locked{source: rand.NewPCG(seed, 3)})
	}
}

type locked struct {
	mu     sync.Mutex
	source rand.Source
}

func (l *locked) Uint64() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source.Uint64()
}
