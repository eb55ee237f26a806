// Fleet proves what docs/fleet.md says with real processes: eight of them, which call one
// backend through generated clients that share a limit, a real Redis, and faults. With
// -write it writes what was measured into that page.
//
// It needs Linux and redis-server. The tests play the same scenarios, shorter, and assert
// what no busy machine can change: what is admitted at most, and that all comes back.
package main
