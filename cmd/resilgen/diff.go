package main

import (
	"io"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/resilgen/resilgen/generator"
)

// printDiff prints what regeneration would change, as a diff for patch -p0.
func printDiff(w io.Writer, stale []generator.Stale) {
	dir := workingDir()
	for _, s := range stale {
		name := shorter(dir, s.Path)
		if strings.Contains(name, " ") {
			name += "\t" // without it, patch reads what follows the space as a date
		}
		before, after := name, name
		if s.Old == nil {
			before = os.DevNull
		}
		if s.New == nil {
			after = os.DevNull
		}
		w.Write(diff.Diff(before, s.Old, after, s.New))
	}
}
