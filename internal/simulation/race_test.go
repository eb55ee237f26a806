//go:build race

package simulation

// race says that the race detector is on, which makes a scenario take ten times as long.
const race = true
