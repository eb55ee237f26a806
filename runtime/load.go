package resil

import (
	"sync/atomic"
	"time"
)

// A load counts attempts as they come and go.
type load struct {
	methods []int // whose attempts they are

	now  atomic.Int64 // under way
	most atomic.Int64 // at once

	// The attempts that began lately, by eighths of a second: the number of the eighth, and
	// in the lower half how many. Twice as many as a second has, so that a late caller finds
	// its own.
	eighths  [2 * perSecond]atomic.Uint64
	inSecond atomic.Uint64 // most in perSecond eighths in a row
}

const perSecond = 8

// enter counts an attempt that begins at a time by client.now.
func (l *load) enter(at time.Duration) {
	raise(&l.most, l.now.Add(1))
	eighth := uint64(uint32(at / (time.Second / perSecond)))
	cell := &l.eighths[eighth%uint64(len(l.eighths))]
	for {
		was := cell.Load()
		if was>>32 == eighth {
			cell.Add(1)
			return
		}
		l.sum() // of those before, before one of them is lost
		if cell.CompareAndSwap(was, eighth<<32|1) {
			return
		}
	}
}

// sum notes how many attempts began in the second that ends with the latest eighth.
func (l *load) sum() uint64 {
	var cells [2 * perSecond]uint64
	var latest uint64
	for i := range l.eighths {
		cells[i] = l.eighths[i].Load()
		latest = max(latest, cells[i]>>32)
	}
	var n uint64
	for _, cell := range cells {
		if latest-cell>>32 < perSecond {
			n += cell & (1<<32 - 1)
		}
	}
	return raise(&l.inSecond, n)
}

// raise raises n to a value that is larger, and returns the larger of the two.
func raise[T int64 | uint64, N interface {
	Load() T
	CompareAndSwap(was, is T) bool
}](n N, value T) T {
	for {
		was := n.Load()
		if was >= value {
			return was
		}
		if n.CompareAndSwap(was, value) {
			return value
		}
	}
}

func (l *load) snapshot(attempts uint64) Load {
	return Load{Attempts: attempts, AtOnce: uint64(l.most.Load()), InSecond: l.sum()}
}
