package resil

import "time"

// A vote is what gobreaker and a half-open phase get to see of a result. A nil
// error is a success.
type vote uint8

const (
	votedNothing vote = iota // a cancel, a panic: says nothing about the callee
	votedFailure
	votedLate // a failure at the caller's own deadline: no part of a streak
)

func (v vote) Error() string { return [...]string{"no vote", "failure", "late"}[v] }

// votedThrottled has no vote either, but sends a half-open circuit back to open
// for at least the callee's hint.
type votedThrottled time.Duration

func (votedThrottled) Error() string { return "throttled" }
