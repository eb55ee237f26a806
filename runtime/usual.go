package resil

import (
	"sync/atomic"
	"time"
)

// A usual is an estimate of how long a method's callee takes for nearly all of its
// answers: the 94 % expectile of sampled answers, found by asymmetric steps (Newey
// and Powell, Asymmetric Least Squares Estimation and Testing, 1987). It must lean to
// the long ones, because the answers that hasty callers get are the short ones.
type usual struct {
	time    atomic.Int64 // ns, 0 until the first answer
	samples atomic.Int32

	// The last answer that somebody knew of when a caller ended a call.
	answers atomic.Uint64 // how many there were
	since   atomic.Int64  // when the first call ended that has seen no more, by client.now
}

const (
	sampleAll   = 16 // successes at the first attempt that are all timed
	sampleEvery = 16 // beyond them, each of so many is: a power of two

	stepUp, stepDown = 4, 64 // parts of the distance to a longer and to a shorter answer

	// Where the callee has answered nobody for this long, it may be down as well as slow.
	// Then shorter calls count too, but not those below hastyTime.
	silentTime = time.Minute
	hastyTime  = time.Millisecond

	// A call that waited this long counts against a callee that has never answered.
	patientTime = time.Second
)

// isSample reports whether the attempt after so many successes is to be timed. Timing
// all of them would cost two clock readings for each call.
func isSample(successes uint64) bool {
	return successes < sampleAll || successes%sampleEvery == 0
}

// observe adds one answer to the estimate. Samples that come at once may overwrite
// each other; the estimate stays good enough.
func (u *usual) observe(took time.Duration) {
	if u.samples.Load() < sampleAll {
		u.samples.Add(1)
	}
	sample, usually := int64(took), u.time.Load()
	switch {
	case usually == 0:
		usually = sample
	case sample > usually:
		usually += (sample-usually)/stepUp + 1
	default:
		usually -= (usually - sample) / stepDown
	}
	u.time.Store(max(usually, 1))
}

// reached reports whether a call that its caller ended after took, at now, gave the
// callee its usual time. A call that gave less proves nothing about the callee.
// answers is the number of answers of the callee so far.
func (u *usual) reached(took, now time.Duration, answers uint64) bool {
	if u.since.Load() == 0 || u.answers.Load() != answers {
		u.answers.Store(answers)
		u.since.Store(int64(max(now, 1)))
	}
	if now-time.Duration(u.since.Load()) >= silentTime {
		return took >= hastyTime
	}
	n := time.Duration(u.samples.Load())
	if n == 0 {
		return took >= patientTime
	}
	return took >= time.Duration(u.time.Load())*(n+4)/n // the fewer samples, the less is known
}
