package main

import (
	"io"
	"os"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/resilgen/resilgen/generator"
)

// printDiff prints what regeneration would change, for patch -p0 to read.
func printDiff(w io.Writer, stale []generator.Stale) {
	dir := workingDir()
	for _, s := range stale {
		before, after := shorter(dir, s.Path), shorter(dir, s.Path)
		if s.Old == nil {
			before = os.DevNull
		}
		if s.New == nil {
			after = os.DevNull
		}
		w.Write(diff.Diff(before, s.Old, after, s.New))
	}
}
