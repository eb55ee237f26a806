package resil

import "time"

// A signal is what a result tells the circuit breaker. It is an error, because
// gobreaker takes errors; a success is nil.
type signal uint8

const (
	signalNone signal = iota // says nothing about the callee: a cancel, a panic, a caller without time
	signalFailure
	signalSlow // a success or an answer that took too long: a failure
)

func (s signal) Error() string { return [...]string{"none", "failure", "slow"}[s] }

// signalThrottled is the signal of a throttled attempt. It counts for nothing, but a
// half-open breaker opens again for at least the callee's hint.
type signalThrottled time.Duration

func (signalThrottled) Error() string { return "throttled" }
