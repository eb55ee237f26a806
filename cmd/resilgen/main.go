// Resilgen generates resilient wrappers for Go interfaces that carry //resil:
// directives.
//
//	resilgen [-v] [-check] [-diff] [packages]
//	resilgen explain [-format=text|json|markdown] [-against=REV] [packages]
//	resilgen explain CODE
//	resilgen directives [name]
//	resilgen version
//	go vet -vettool=$(which resilgen) [packages]
//
// Without packages it works on the one in the current directory, as
// //go:generate go tool resilgen needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/resilgen/resilgen/analyzer"
	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator"
)

const usage = `usage: resilgen [-v] [-check] [-diff] [packages]
       resilgen explain [-format=text|json|markdown] [-against=REV] [packages]
       resilgen explain CODE
       resilgen directives [name]
       resilgen version
       go vet -vettool=$(which resilgen) [packages]

Resilgen writes a wrapper for every interface that carries //resil: directives:
users_resil.go beside users.go. It rewrites only what changed, and removes an
output when the annotations of its source are gone. Packages are named as for
go build; without any it is the one in the current directory.

Explain tells what the directives come to, or what an error code such as RG014
means (docs/errors.md has all of them). Directives prints the reference of the
language.

As go vet's tool it reports the same mistakes, outputs that are out of date,
directives without effect, and wrappers that are dropped or gone past.

`

const exits = `
Exit codes:
  0  every output is right
  1  something is wrong in a source or, with -check or -diff, an output is out of date
  2  the command could not be run: a wrong flag, a pattern that matches nothing;
     or what it printed did not arrive
`

func main() {
	if asVetTool(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer)
	}
	spareCollections()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command: it returns the exit code. Half of what was asked for is
// none of it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	code := dispatch(ctx, args, out, stderr)
	if out.err != nil {
		fmt.Fprintf(stderr, "resilgen: the output is not complete: %v\n", out.err)
		return 2
	}
	return code
}

// A checkedWriter remembers the first error of a writer, and writes no more.
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

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "explain":
			return runExplain(ctx, args[1:], stdout, stderr)
		case "directives":
			return directives(args[1:], stdout, stderr)
		case "version":
			return version(args[1:], stdout, stderr)
		}
	}
	flags := flag.NewFlagSet("resilgen", flag.ContinueOnError)
	verbose := flags.Bool("v", false, "name every output and what became of it")
	check := flags.Bool("check", false, "write nothing; name the outputs that are out of date")
	diff := flags.Bool("diff", false, "as -check, and print what would change as a unified diff")
	if code, done := parse(flags, args, usage, exits, stdout, stderr); done {
		return code
	}
	result, err := generate(ctx, generator.Config{Patterns: flags.Args(), Check: *check || *diff}, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	if *diff {
		printDiff(stdout, result.Stale)
	}
	return report(result, *verbose, stderr)
}

// generate runs the generator and shows on a terminal how far it is.
func generate(ctx context.Context, cfg generator.Config, stderr io.Writer) (*generator.Result, error) {
	if isTerminal(stderr) {
		p := newProgress(stderr)
		defer p.clear()
		cfg.Progress = p.show
	}
	return generator.Run(ctx, cfg)
}

// parse reads a command's flags, which stand before its arguments. It is done,
// with an exit code, where that is all there is to do.
func parse(flags *flag.FlagSet, args []string, usage, after string, stdout, stderr io.Writer) (code int, done bool) {
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
		fmt.Fprint(flags.Output(), after)
	}
	if len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		flags.SetOutput(stdout)
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, true
	case err != nil:
		return 2, true
	}
	for _, arg := range flags.Args() {
		if strings.HasPrefix(arg, "-") {
			fmt.Fprintf(stderr, "resilgen: flags stand before the packages: %s\n", arg)
			return 2, true
		}
	}
	return 0, false
}

// report prints what a run found and did, and returns the exit code.
func report(result *generator.Result, verbose bool, w io.Writer) int {
	dir := workingDir()
	printDiagnostics(w, "", result.Diagnostics)
	for _, stale := range result.Stale {
		fmt.Fprintf(w, "%s is out of date; run go generate\n", shorter(dir, stale.Path))
	}
	if verbose {
		for _, note := range result.Notes {
			fmt.Fprintln(w, note)
		}
		for _, did := range []struct {
			what  string
			files []string
		}{
			{"wrote", result.Written}, {"removed", result.Removed}, {"unchanged", result.Unchanged},
			{"left alone", result.Ignored},
		} {
			for _, path := range did.files {
				fmt.Fprintln(w, did.what, shorter(dir, path))
			}
		}
	}
	if len(result.Diagnostics) > 0 || len(result.Stale) > 0 {
		return 1
	}
	return 0
}

// printDiagnostics prints what is wrong, each line after a prefix.
func printDiagnostics(w io.Writer, prefix string, diagnostics []annotations.Diagnostic) {
	dir := workingDir()
	for _, d := range diagnostics {
		d.Pos.Filename = shorter(dir, d.Pos.Filename)
		fmt.Fprintln(w, prefix+d.String())
	}
}

// workingDir is empty where it is not known.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

// shorter is path as seen from dir where that is the shorter way to write it.
func shorter(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}
