// Package analyzer finds mistakes with //resil: directives and with the wrappers
// generated from them, for go vet and for editors.
package analyzer

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
)

const doc = `check //resil: directives and the use of the wrappers generated from them

What resilgen refuses is reported as resilgen reports it, with the same codes as
categories. Beside that, the analyzer reports an output that is out of date, a
directive that makes no difference, a wrapper that is constructed and dropped, and
a call that goes past a wrapper to what it wraps.`

// Analyzer loads nothing: it sees what its driver has loaded. The driver runs it
// on one package at a time; it keeps no state and has no facts.
var Analyzer = &analysis.Analyzer{
	Name:     "resilgen",
	Doc:      doc,
	URL:      "https://github.com/resilgen/resilgen/blob/main/docs/errors.md",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
	// Code that uses a wrapper does not compile before there is one.
	RunDespiteErrors: true,
}

func run(pass *analysis.Pass) (any, error) {
	examine(pass)
	inspectUse(pass)
	return nil, nil
}

// report reports a diagnostic with its code in sight.
func report(pass *analysis.Pass, code string, d analysis.Diagnostic) {
	d.Category = code
	d.Message += " [" + code + "]"
	pass.Report(d)
}
