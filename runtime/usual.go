package resil

import (
	"sync/atomic"
	"time"
)

// A usual is what is known of the time that a method's callee takes for nearly all of
// its answers.
type usual struct {
	// The 94 % expectile of sampled answers, found by asymmetric steps (Newey and Powell,
	// Asymmetric Least Squares Estimation and Testing, 1987). It must prefer the long
	// ones, because the answers that hasty callers get are the short ones.
	time    atomic.Int64 // ns, 0 until the first answer
	samples atomic.Int32

	// The answers that hasty callers do not get are in no sample. So a second estimate
	// follows the calls that were cut off before the callee answered others: each moves
	// it towards the time that the call gave, and each answer moves it towards 0.
	short   atomic.Int64  // ns
	shortAt atomic.Uint64 // the number of answers then

	// The last answer that somebody knew of when a caller ended a call.
	answers atomic.Uint64 // how many there were
	since   atomic.Int64  // when the first call ended that has seen no more, by client.now
}

const (
	sampleAll   = 16 // successes at the first attempt that are all timed
	sampleEvery = 16 // beyond them, each of so many is: a power of two

	stepUp, stepDown = 4, 64 // parts of the distance to a longer and to a shorter time

	// Where the callee has answered nobody for this long, it may be down as well as slow.
	// Then shorter calls count too, but not those below hastyTime.
	silentTime = time.Minute
	hastyTime  = time.Millisecond

	// Shorter calls do not count against a callee that has answered fewer than
	// learnAnswers: callers may have cut off its longer answers.
	patientTime  = time.Second
	learnAnswers = 64

	// A call is too short if it gave less than shortMargin times usual.short. The steps
	// are such that it becomes so where 3 % of the calls are cut off: stepUp/shortDown.
	shortMargin, shortDown = 2, 128

	// Calls that gave more than patientTime and so many times usual.time are not short.
	// A callee that leaves them without an answer hangs, though it answers others.
	longFactor = 16
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

// cutOff reports whether a call that its caller ended after took, at now, counts
// against the callee.
func (m *Method) cutOff(took, now time.Duration) bool {
	if int64(took) > m.cut.Load() {
		m.cut.Store(int64(took))
	}
	return m.usual.reached(took, now, m.counts.answers())
}

// answers notes that the callee has answered after took, which is known of a sample.
func (m *Method) answers(sample bool, took time.Duration) {
	if m.cut.Load() != 0 {
		m.answered()
	}
	if sample {
		m.usual.observe(took)
	}
}

// answered adds the calls that were cut off before an answer to what is known.
func (m *Method) answered() {
	m.usual.cutOff(time.Duration(m.cut.Swap(0)), m.counts.answers())
}

// cutOff adds a call that was cut off after took, before an answer that is not among
// the answers so far.
func (u *usual) cutOff(took time.Duration, answers uint64) {
	short := u.shortAfter(answers)
	if took > short && took <= max(patientTime, longFactor*time.Duration(u.time.Load())) {
		short += (took - short) / stepUp
	}
	u.short.Store(int64(short))
	u.shortAt.Store(answers)
}

// shortAfter is the estimate of the time that is too short after so many answers.
func (u *usual) shortAfter(answers uint64) time.Duration {
	more := answers - u.shortAt.Load()
	if more >= shortDown { // or answers is from before shortAt
		return 0
	}
	short := u.short.Load()
	return time.Duration(short - short/shortDown*int64(more))
}

// reached reports whether a call that its caller ended after took, at now, gave the
// callee its usual time. A call that gave less proves nothing about the callee.
// answers is the number of answers of the callee so far.
func (u *usual) reached(took, now time.Duration, answers uint64) bool {
	if u.since.Load() == 0 || u.answers.Load() != answers {
		u.answers.Store(answers)
		u.since.Store(int64(max(now, 1)))
	}
	switch {
	case now-time.Duration(u.since.Load()) >= silentTime:
		return took >= hastyTime
	case answers < learnAnswers && took < patientTime, took < shortMargin*u.shortAfter(answers):
		return false
	}
	n := time.Duration(u.samples.Load())
	return n == 0 || took >= time.Duration(u.time.Load())*(n+4)/n // the fewer samples, the less is known
}
