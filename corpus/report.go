package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// report prints the statistics and the failures.
func (c *corpus) report(w io.Writer) {
	type counts struct {
		packages, interfaces, wrapped, declarations int
		steps                                       []int // number of declarations by step
	}
	count := map[string]*counts{}
	add := func(module string, p *corpusPackage) {
		n := count[module]
		if n == nil {
			n = &counts{steps: make([]int, len(steps)+1)}
			count[module] = n
		}
		n.packages++
		n.interfaces += len(p.interfaces)
		n.declarations += len(p.declarations)
		n.wrapped += len(p.interfaces) - len(p.unwrapped())
		for _, d := range p.declarations {
			n.steps[d.step]++
		}
	}
	for _, p := range c.packages {
		add(p.module, p)
	}
	modules := slices.Sorted(maps.Keys(count))
	for _, p := range c.packages {
		add("total", p)
	}
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "packages\tinterfaces\twrapped\tdeclarations\ttimeout+\tretry+\tbreaker\tplain\trefused\t module\n")
	for _, module := range append(modules, "total") {
		n := count[module]
		if n == nil {
			continue
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t", n.packages, n.interfaces, n.wrapped, n.declarations)
		for _, declarations := range n.steps {
			fmt.Fprintf(table, "%d\t", declarations)
		}
		fmt.Fprintf(table, " %s\n", module)
	}
	table.Flush()
	fmt.Fprint(w, "\nDeclarations are counted by the directives that are left. Checks that refused more:\n")
	for _, code := range slices.Sorted(maps.Keys(c.refused)) {
		r := c.refused[code]
		fmt.Fprintf(w, "%s %5d, for example: %s\n", code, len(r.declarations), r.example.Message)
	}
	fmt.Fprint(w, "\nCalls in the wrappers:")
	for _, call := range calls {
		fmt.Fprintf(w, " %s %d", strings.Trim(call, ".(["), c.calls[call])
	}
	fmt.Fprint(w, "\n\n")
	for _, p := range c.packages {
		for _, d := range p.unwrapped() {
			fmt.Fprintf(w, "not wrapped: %s.%s: %s\n", p.Path(), d.original.Name(), d.reason)
		}
	}
	fmt.Fprintf(w, "failures: %d\n", len(c.failures))
	for _, failure := range c.failures {
		fmt.Fprintln(w, failure)
	}
}

// unwrapped returns the declarations that have no wrapper, one for each interface.
func (p *corpusPackage) unwrapped() (list []*declaration) {
	for _, obj := range p.interfaces {
		for _, d := range p.declarations {
			if d.original == obj && d.step == len(steps) {
				list = append(list, d)
				break
			}
		}
	}
	return list
}
