package resil

import "time"

// A signal is what gobreaker and a half-open phase get to see of a result. A nil
// error is a success.
type signal uint8

const (
	signalNone signal = iota // says nothing about the callee: a cancel, a panic, a caller without time
	signalFailure
	signalSlow // a success or an answer that took too long: a failure
)

func (s signal) Error() string { return [...]string{"none", "failure", "slow"}[s] }

// signalThrottled is none either, but sends a half-open breaker back to open
// for at least the callee's hint.
type signalThrottled time.Duration

func (signalThrottled) Error() string { return "throttled" }
