package main

import (
	"slices"

	"github.com/resilgen/resilgen/benchmarks/internal/page"
	"github.com/resilgen/resilgen/benchmarks/internal/paired"
)

// A target is a number that resilgen must not exceed in a row.
type target struct {
	row    row
	number string
	most   float64
	// measure computes the number from resilgen's runs and the runs of the opponent in
	// the other row. Without an opponent, other is nil.
	measure  func(own, other *entrant) float64
	other    row
	opponent string
}

var targets = []target{
	timeOver(row{most, first}, "the bare load's", 1.5, row{most, first}, bareload),
	timeOver(row{most, missing}, "the bare load's", 1.25, row{most, missing}, bareload),
	timeOver(row{most, missing}, "mockery's", 1.0/3, row{most, missing}, mockery),
	timeOver(row{most, missing}, "gowrap's", 1.0/100, row{most, missing}, gowrap),
	{row: row{most, missing}, number: "MB", most: 100, measure: megabytes},
	timeOver(row{most, edited}, "that with the outputs missing", 1.5, row{most, missing}, resil),
	{row: row{most, edited}, number: "seconds", most: 1.5, measure: seconds},
	timeOver(row{most, empty}, "that with a warm cache", 1.5, row{most, missing}, resil),
	{row: row{most, empty}, number: "seconds", most: 1.5, measure: seconds},
	timeOver(row{most, unchanged}, "go list's", 1, row{most, unchanged}, golist),
}

func timeOver(r row, what string, most float64, other row, opponent string) target {
	return target{
		row: r, number: "time over " + what, most: most, other: other, opponent: opponent,
		measure: func(own, other *entrant) float64 { return paired.Ratio(own.seconds, other.seconds) },
	}
}

func megabytes(own, _ *entrant) float64 { return paired.Median(own.peaks) / 1e6 }

func seconds(own, _ *entrant) float64 { return paired.Median(own.seconds) }

// targetTable returns the table of the targets whose contestants have results.
func targetTable(races []race) page.Table {
	find := func(r row, name string) *entrant {
		if i := slices.IndexFunc(races, func(x race) bool { return x.row == r }); i >= 0 {
			return races[i].find(name)
		}
		return nil
	}
	var raced []page.Target
	for _, x := range targets {
		own, other := find(x.row, resil), find(x.other, x.opponent)
		if own == nil || x.opponent != "" && other == nil {
			continue
		}
		raced = append(raced, page.Target{Path: x.row.String(), Number: x.number, Most: x.most, Measured: x.measure(own, other)})
	}
	return page.Targets(raced)
}
