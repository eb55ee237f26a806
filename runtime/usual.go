package resil

import (
	"sync/atomic"
	"time"
)

// A usual is an estimate of how long a method's callee takes to answer: the mean of
// sampled answers plus their mean deviation, smoothed as RFC 6298 smooths the round
// trips of TCP. It is zero until the first answer.
type usual struct {
	mean      atomic.Int64 // ns
	deviation atomic.Int64 // ns
	first     atomic.Int64 // when the first call that its caller ended began, by client.now
}

// sampleEvery is how many successes at the first attempt lie between two that are
// timed, a power of two. Timing all of them would cost two clock readings a call.
const sampleEvery = 16

// observe takes one answer into account. Samples that come at once may overwrite
// each other, which an estimate can bear.
func (u *usual) observe(took time.Duration) {
	sample, mean := int64(took), u.mean.Load()
	if mean == 0 {
		u.deviation.Store(sample / 2)
		u.mean.Store(max(sample, 1))
		return
	}
	off := sample - mean
	u.deviation.Store(u.deviation.Load() + (max(off, -off)-u.deviation.Load())/4)
	u.mean.Store(max(mean+off/8, 1))
}

// Until the callee has answered once, nobody knows how long it takes. A call that
// was given patientTime proves something then. So does a shorter one, but not below
// hastyTime, when the callee has had patientFactor times as long to answer any call.
const (
	hastyTime     = time.Millisecond
	patientTime   = time.Second
	patientFactor = 50
)

// reached reports whether a call that its caller ended after the given time, at now,
// gave the callee its usual time. What gave less proves nothing about the callee.
func (u *usual) reached(took, now time.Duration) bool {
	if mean := u.mean.Load(); mean > 0 {
		return int64(took) >= mean+u.deviation.Load()
	}
	u.first.CompareAndSwap(0, int64(max(now-took, 1)))
	waited := now - time.Duration(u.first.Load())
	return took >= patientTime || took >= hastyTime && waited >= patientFactor*took
}
