package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// report prints the counts.
func (c *corpus) report(w io.Writer) {
	type counts struct {
		packages, interfaces, wrapped, declarations int
		rungs                                       []int
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
		n.wrapped += len(p.interfaces) - len(p.unwrapped())
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
	fmt.Fprint(table, "packages\tinterfaces\twrapped\tdeclarations\ttimeout+\tretry+\tbreaker\tplain\trefused\t module\n")
	for _, module := range append(modules, "in all") {
		n := count[module]
		if n == nil {
			continue
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t", n.packages, n.interfaces, n.wrapped, n.declarations)
		for _, declarations := range n.rungs {
			fmt.Fprintf(table, "%d\t", declarations)
		}
		fmt.Fprintf(table, " %s\n", module)
	}
	table.Flush()
	fmt.Fprint(w, "\nDeclarations by the most that was allowed; rules that refused more:\n")
	for _, code := range slices.Sorted(maps.Keys(c.refused)) {
		r := c.refused[code]
		fmt.Fprintf(w, "%s %5d, such as %s\n", code, len(r.declarations), r.example.Message)
	}
	fmt.Fprint(w, "\nCalls in the wrappers:")
	for _, call := range calls {
		fmt.Fprintf(w, " %s %d", strings.Trim(call, ".(["), c.calls[call])
	}
	fmt.Fprint(w, "\n\n")
	for _, p := range c.packages {
		for _, d := range p.unwrapped() {
			fmt.Fprintf(w, "not wrapped: %s.%s: %s\n", p.Path(), d.of.Name(), d.reason)
		}
	}
	fmt.Fprintf(w, "%d failures\n", len(c.failures))
	for _, failure := range c.failures {
		fmt.Fprintln(w, failure)
	}
}

// unwrapped are declarations that have no wrapper, one for each interface.
func (s *surveyed) unwrapped() (list []*declaration) {
	for _, obj := range s.interfaces {
		for _, d := range s.declared {
			if d.of == obj && d.rung == len(ladder) {
				list = append(list, d)
				break
			}
		}
	}
	return list
}
