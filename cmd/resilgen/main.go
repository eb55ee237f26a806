// Resilgen generates resilient wrappers for Go interfaces that have //resil:
// directives.
//
//	resilgen [-v] [-check] [-diff] [packages]
//	resilgen vet [-fix] [packages]
//	resilgen explain [-format=text|json|markdown] [-against=REV] [-observed=FILE] [packages]
//	resilgen explain CODE
//	resilgen directives [name]
//	resilgen libraries
//	resilgen fleet status|force|reset|apply ...
//	resilgen version
//
// The default for packages is the one in the current directory, where go generate
// runs the command.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/resilgen/resilgen/analyzer"
)

func main() {
	if asVetTool(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer)
	}
	collectLate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command that args name, and returns the exit code. It fails if stdout
// does not take all of the output.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	code := command(ctx, args, out, stderr)
	if out.err != nil {
		fmt.Fprintf(stderr, "resilgen: the output is not complete: %v\n", out.err)
		return 2
	}
	return code
}

func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "vet":
			return runVet(ctx, args[1:], stdout, stderr)
		case "explain":
			return runExplain(ctx, args[1:], stdout, stderr)
		case "directives":
			return directives(args[1:], stdout, stderr)
		case "libraries":
			return libraries(args[1:], stdout, stderr)
		case "fleet":
			return fleet(ctx, args[1:], stdout, stderr)
		case "version":
			return version(args[1:], stdout, stderr)
		}
	}
	return generate(ctx, args, stdout, stderr)
}
