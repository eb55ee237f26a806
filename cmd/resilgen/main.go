// Resilgen generates resilient wrappers for Go interfaces that carry //resil:
// directives.
//
//	resilgen [-v] [-check] [packages]
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
	"runtime/debug"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/resilgen/resilgen/analyzer"
	"github.com/resilgen/resilgen/generator"
)

const usage = `usage: resilgen [-v] [-check] [packages]
       resilgen version
       go vet -vettool=$(which resilgen) [packages]

Resilgen writes a wrapper for every interface that carries //resil: directives:
users_resil.go beside users.go. It rewrites only what changed, and removes an
output when the annotations of its source are gone. Packages are named as for
go build; without any it is the one in the current directory.

As go vet's tool it reports the same mistakes, outputs that are out of date,
directives without effect, and wrappers that are dropped or gone past.

`

const exits = `
Exit codes:
  0  every output is right
  1  something is wrong in a source or, with -check, an output is out of date
  2  the command could not be run: a wrong flag, a pattern that matches nothing
`

func main() {
	if asVetTool(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("resilgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	verbose := flags.Bool("v", false, "name every output and what became of it")
	check := flags.Bool("check", false, "write nothing; name the outputs that are out of date")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
		fmt.Fprint(flags.Output(), exits)
	}
	if len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		flags.SetOutput(stdout)
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if flags.Arg(0) == "version" {
		if flags.NArg() > 1 {
			fmt.Fprintln(stderr, "resilgen: version takes no arguments")
			return 2
		}
		fmt.Fprintln(stdout, "resilgen", version())
		return 0
	}
	for _, arg := range flags.Args() {
		if strings.HasPrefix(arg, "-") {
			fmt.Fprintf(stderr, "resilgen: flags stand before the packages: %s\n", arg)
			return 2
		}
	}
	result, err := generator.Run(ctx, generator.Config{Patterns: flags.Args(), Check: *check})
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	return report(result, *verbose, stderr)
}

// report prints what a run found and did, and returns the exit code.
func report(result *generator.Result, verbose bool, w io.Writer) int {
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	for _, d := range result.Diagnostics {
		d.Pos.Filename = shorter(dir, d.Pos.Filename)
		fmt.Fprintln(w, d)
	}
	for _, path := range result.Stale {
		fmt.Fprintf(w, "%s is out of date; run go generate\n", shorter(dir, path))
	}
	if verbose {
		for _, did := range []struct {
			what  string
			files []string
		}{
			{"wrote", result.Written}, {"removed", result.Removed}, {"unchanged", result.Unchanged},
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

// shorter is path as seen from dir where that is the shorter way to write it.
func shorter(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

// version is the module's, or the revision of a build from its sources.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	if info.Main.Path != modulePath {
		for _, dep := range info.Deps {
			if dep.Path == modulePath {
				text = dep.Version
			}
		}
	}
	if text == "" {
		text = "(devel)"
	}
	return text + " " + info.GoVersion
}

const modulePath = "github.com/resilgen/resilgen"
