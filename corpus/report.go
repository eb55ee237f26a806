package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// report prints the counts.
func (c *corpus) report(w io.Writer) {
	type counts struct {
		packages, interfaces, declarations int
		rungs                              []int
	}
	count := map[string]*counts{}
	add := func(module string, p *surveyed) {
		n := count[module]
		if n == nil {
			n = &counts{rungs: make([]int, len(ladder)+1)}
			count[module] = n
		}
		n.packages++
		n.interfaces += len(p.interfaces)
		n.declarations += len(p.declared)
		for _, d := range p.declared {
			n.rungs[d.rung]++
		}
	}
	for _, p := range c.packages {
		add(p.module, p)
	}
	modules := slices.Sorted(maps.Keys(count))
	for _, p := range c.packages {
		add("in all", p)
	}
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "packages\tinterfaces\tdeclarations\ttimeout+\tretry+\tbreaker\tplain\trefused\t module\n")
	for _, module := range append(modules, "in all") {
		n := count[module]
		if n == nil {
			continue
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t", n.packages, n.interfaces, n.declarations)
		for _, declarations := range n.rungs {
			fmt.Fprintf(table, "%d\t", declarations)
		}
		fmt.Fprintf(table, " %s\n", module)
	}
	table.Flush()
	fmt.Fprint(w, "\nDeclarations by the most that was allowed; rules that refused more:\n")
	for _, code := range slices.Sorted(maps.Keys(c.refused)) {
		r := c.refused[code]
		fmt.Fprintf(w, "%s %5d, such as %s\n", code, r.declarations, r.example.Message)
	}
	for _, p := range c.packages {
		for _, d := range p.declared {
			if d.rung == len(ladder) && d.form == embedded {
				fmt.Fprintf(w, "not wrapped: %s.%s\n", p.Path(), d.of.Name())
			}
		}
	}
	fmt.Fprintf(w, "%d failures\n", len(c.failures))
	for _, failure := range c.failures {
		fmt.Fprintln(w, failure)
	}
}
