package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/internal/directive"
)

// A checkedWriter writes to w until the first error, and keeps that error.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (n int, err error) {
	if c.err == nil {
		n, c.err = c.w.Write(p)
	}
	return n, c.err
}

// A printableWriter writes text to w in which control characters are quoted. Messages and
// tables hold names of files, and what is in sources.
type printableWriter struct{ w io.Writer }

func (p printableWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.w, directive.Printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// printDiagnostics prints each diagnostic on a line of its own, after a prefix.
func printDiagnostics(w io.Writer, prefix string, diagnostics []annotations.Diagnostic) {
	dir := workingDir()
	for _, d := range diagnostics {
		d.Pos.Filename = shorter(dir, d.Pos.Filename)
		fmt.Fprintln(w, prefix+d.String())
	}
}

// printNotes prints each note on a line of its own.
func printNotes(w io.Writer, notes []annotations.Diagnostic) {
	dir := workingDir()
	for _, n := range notes {
		n.Pos.Filename = shorter(dir, n.Pos.Filename)
		fmt.Fprintf(w, "%s: note: %s\n", n.Pos, n.Message)
	}
}

// printLeftOut prints the sources that the command has not seen.
func printLeftOut(w io.Writer, sources []generator.LeftOut) {
	dir := workingDir()
	for _, left := range sources {
		fmt.Fprintf(w, "%s has directives and is left out here: %s\n", shorter(dir, left.Path), left.Why)
	}
}

// workingDir returns the current directory, or "" if it is not known.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

// shorter returns the shorter form of path: relative to dir, or path itself.
func shorter(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}
