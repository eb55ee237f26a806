// Corpus wraps every exported interface of the standard library and of some
// large modules, compiles and vets the wrappers, and counts what came of it.
//
//	corpus [-o folder] [packages]
//
// Each interface is declared anew in every way there is: embedded, spelled out,
// defined from it, as an alias. Its directives are as many as it takes: where a
// rule refuses some of them, it is tried again with fewer, down to a wrapper that
// guards nothing. What is refused by a rule is counted by the rule, and an interface
// of which some declaration has no wrapper is named with the reason; anything else
// that goes wrong is a failure, and the exit code is 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
)

// everything is what the corpus consists of. The modules are those of go.mod.
var everything = []string{
	"std",
	"golang.org/x/net/...",
	"google.golang.org/grpc/...",
	"github.com/aws/aws-sdk-go-v2/aws/...",
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/...",
	"github.com/aws/aws-sdk-go-v2/service/s3/...",
	"github.com/redis/go-redis/v9/...",
	"github.com/jackc/pgx/v5/...",
}

func main() {
	folder := flag.String("o", "", "keep the wrappers in this `folder`, which must be new or empty")
	flag.Parse()
	patterns := flag.Args()
	if len(patterns) == 0 {
		patterns = everything
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failures, err := run(ctx, *folder, patterns, os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(2)
	case failures > 0:
		os.Exit(1)
	}
}

// run works through the packages that match the patterns and returns the number
// of failures. It must run in the folder of this module.
func run(ctx context.Context, folder string, patterns []string, w io.Writer) (failures int, err error) {
	if folder == "" {
		if folder, err = os.MkdirTemp("", "corpus"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(folder)
	}
	packages, err := survey(ctx, patterns)
	if err != nil {
		return 0, err
	}
	// What is indirect in go.mod here is direct where the wrappers are.
	if err := os.Setenv("GOFLAGS", "-mod=mod"); err != nil {
		return 0, err
	}
	c := &corpus{folder: folder, packages: packages, refused: map[string]*refusal{}}
	if err := c.declare(); err != nil {
		return 0, err
	}
	if err := c.wrap(ctx); err != nil {
		return 0, err
	}
	if err := c.count(); err != nil {
		return 0, err
	}
	if slices.Equal(patterns, everything) { // a part need not have them all
		c.untried()
	}
	c.compile(ctx)
	c.report(w)
	return len(c.failures), nil
}
