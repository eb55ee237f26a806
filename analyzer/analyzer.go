// Package analyzer finds mistakes in //resil: directives and in the use of the
// wrappers that are generated from them. It is for go vet and for editors.
package analyzer

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"

	"github.com/resilgen/resilgen/internal/directive"
)

const doc = `check //resil: directives and the use of the wrappers generated from them

The analyzer reports what resilgen refuses, in the same words and with the same
codes as categories. It also reports an output that is out of date, a directive
that has no effect, a wrapper that is constructed and not kept or for each request,
and a call that bypasses a wrapper.`

// Analyzer checks one package at a time, as its driver has loaded it. It loads
// nothing itself, keeps no state between packages and has no facts.
var Analyzer = &analysis.Analyzer{
	Name:     "resilgen",
	Doc:      doc,
	URL:      "https://github.com/resilgen/resilgen/blob/main/docs/errors.md",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
	// Code that uses a wrapper does not compile before the wrapper is generated.
	RunDespiteErrors: true,
}

func run(pass *analysis.Pass) (any, error) {
	checkGeneration(pass)
	checkUse(pass)
	return nil, nil
}

// report reports a diagnostic, with its code as category and at the end of the
// message.
func report(pass *analysis.Pass, code string, d analysis.Diagnostic) {
	d.Category = code
	d.Message = directive.Printable(d.Message + " [" + code + "]")
	pass.Report(d)
}
