// Package resiltest helps to test code that calls through generated wrappers: what it does
// when an attempt fails, when a backend hangs, when a circuit breaker is open.
//
//   - A [Script] is a callee that behaves differently at each attempt.
//   - A [Recorder] writes down what a client does, and compares it with what a test wants.
//   - [ForceOpen] and [ForceClose] bring a circuit breaker into a state until the test ends.
//   - A [Fleet] ties clients together in memory, as Redis ties processes with scope=fleet.
//
// # Time
//
// There is no fake clock here, and none is needed. Run the test in a bubble of
// [testing/synctest]: there, package time itself has a clock that moves on when every
// goroutine of the bubble waits. Timeouts, pauses, limits and the open time of a breaker
// pass at once, in the right order and with exact durations, and so do those of the code
// under test and of the contexts that it makes. A fake clock would reach only what has been
// written to take one. Make the client, the script and the recorder inside the bubble: a
// client that comes from outside sees another time.
//
// Without a bubble everything works too, in real time. Then give durations as ranges, which
// [Recorder.Want] explains.
//
// All functions report failures to the test and name what has happened. They are safe for
// concurrent use, except where they say that they end the test at once.
package resiltest
