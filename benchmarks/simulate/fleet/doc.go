// Package fleet simulates processes that share a limit, and the store that they share it
// through, in virtual time and without goroutines, so that 10,000 processes are played in
// seconds. What a process does is decided by internal/lease, as in production. What
// surrounds it there, package resil and a store, is modelled. A test compares the model with
// package resil.
//
// The verdicts are tests. make simulate writes the page.
package fleet
