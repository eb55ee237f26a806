package main

import (
	"math"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/paired"
)

// standings has the results by row.
type standings map[string][]result

// A target is a number that resilgen must not exceed in a row.
type target struct {
	row    string
	what   string
	most   float64
	number func(race []result) float64
}

var targets = []target{
	{rowAll, "allocations a call", 0, allocations},
	{rowAll, "time over the same composed by hand", 1.10, timeOver(resil, byHand)},
	{rowAll, "time over failsafe-go's", 0.20, timeOver(resil, fsafe)},
	{rowAll, "time with durations over that without", 1.25, timeOver(measured, resil)},
	{rowAll, "the same, parallel", 1.25, func(race []result) float64 {
		return paired.Ratio(find(race, measured).parallel, find(race, resil).parallel)
	}},
	{rowNearer, "allocations a call", 0, allocations},
	{rowNearer, "time over that without the timeout", 1.05, timeOver(resil, untimed)},
	{rowRefused, "allocations a call", 0, allocations},
	{rowRefused, "time over gobreaker's alone", 1, timeOver(resil, breakerAlone)},
	{rowRefused, "time over failsafe-go's", 0.125, timeOver(resil, fsafe)},
	{rowMillion, "allocations a call", 0, allocations},
	{rowMillion, "bytes a key", 900, func(race []result) float64 { return find(race, resil).perKey }},
}

// allocations returns the allocations per call, rounded: a fraction is from other
// goroutines.
func allocations(race []result) float64 { return math.Round(find(race, resil).allocs) }

func timeOver(name, other string) func([]result) float64 {
	return func(race []result) float64 {
		return paired.Ratio(find(race, name).serial, find(race, other).serial)
	}
}

// targetTable returns the table of the targets whose rows have results.
func targetTable(s standings) page.Table {
	var raced []page.Target
	for _, x := range targets {
		if race, ok := s[x.row]; ok {
			raced = append(raced, page.Target{Path: x.row, Number: x.what, Most: x.most, Measured: x.number(race)})
		}
	}
	return page.Targets(raced)
}
