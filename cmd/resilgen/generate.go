package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/resilgen/resilgen/generator"
)

const usage = `usage: resilgen [-v] [-check] [-diff] [packages]
       resilgen vet [-fix] [packages]
       resilgen explain [-format=text|json|markdown] [-against=REV] [-observed=FILE] [packages]
       resilgen explain CODE
       resilgen directives [name]
       resilgen libraries
       resilgen fleet [-h] status|force|reset|apply ...
       resilgen version

Resilgen writes a wrapper for every interface that has //resil: directives:
users_resil.go beside users.go. It rewrites only what has changed, and removes
an output when its source has no directives any more. Packages are named as for
go build. The default is the package in the current directory.

Explain shows the policy of each method, or what an error code such as RG014
means. docs/errors.md has all codes. Directives prints the reference of the
language. Libraries prints which client libraries are known. Fleet shows and
commands the processes that share a Redis: breakers with scope=fleet, and overrides.

Vet reports the same mistakes. It also reports outputs that are out of date,
directives without effect, wrappers that are not kept or are constructed for each
request, and calls that bypass a wrapper.

`

const exitCodes = `
Exit codes:
  0  every output is right
  1  a source has a mistake or, with -check or -diff, an output is out of date
  2  the command could not run, for example because of a wrong flag or a pattern
     that matches nothing; or its output could not be written
`

// generate is the command without a name: it generates wrappers, or checks them.
func generate(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("resilgen", flag.ContinueOnError)
	verbose := flags.Bool("v", false, "print every output and what was done with it")
	check := flags.Bool("check", false, "write nothing; print the outputs that are out of date")
	diff := flags.Bool("diff", false, "as -check, and print what would change as a unified diff")
	build := buildFlags(flags)
	if code, done := parse(flags, args, usage, exitCodes, stdout, stderr); done {
		return code
	}
	if err := build.set(ctx); err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	cfg := generator.Config{Patterns: flags.Args(), Check: *check || *diff}
	if isTerminal(stderr) {
		p := newProgress(stderr)
		defer p.clear()
		cfg.Progress = p.show
	}
	stderr = printableWriter{stderr}
	result, err := generator.Run(ctx, cfg)
	if hint := noCommand(flags.Args()); err != nil && hint != "" && strings.Contains(err.Error(), "package "+flags.Arg(0)) {
		fmt.Fprintf(stderr, "resilgen: %s\n", hint)
		return 2
	}
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	if *diff {
		printDiff(stdout, result.Stale)
	}
	if *verbose || cfg.Check || len(result.Written) > 0 {
		printLeftOut(stderr, result.LeftOut)
	}
	return report(result, *verbose, stderr)
}

// report prints what a run has found and done, and returns the exit code.
func report(result *generator.Result, verbose bool, w io.Writer) int {
	dir := workingDir()
	printDiagnostics(w, "", result.Diagnostics)
	printNotes(w, result.Notes)
	for _, stale := range result.Stale {
		fmt.Fprintf(w, "%s is out of date; run go generate\n", shorter(dir, stale.Path))
	}
	if verbose {
		for _, note := range result.Details {
			fmt.Fprintln(w, note)
		}
		for _, list := range []struct {
			action string
			files  []string
		}{
			{"wrote", result.Written}, {"removed", result.Removed}, {"unchanged", result.Unchanged},
			{"left alone", result.Ignored},
		} {
			for _, path := range list.files {
				fmt.Fprintln(w, list.action, shorter(dir, path))
			}
		}
	}
	if len(result.Diagnostics) > 0 || len(result.Stale) > 0 {
		return 1
	}
	return 0
}
