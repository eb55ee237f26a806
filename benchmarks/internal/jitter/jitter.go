// Package jitter makes chance repeatable that policies draw from package rand and offer no
// seed for.
package jitter

// Seed begins that chance again, so that a run can be repeated exactly. It is nil without
// the build tag seeded: then a page cannot be written.
var Seed func(seed uint64)
