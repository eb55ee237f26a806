// Corpus wraps every exported interface of the standard library and of some large
// modules, compiles and vets the wrappers, and prints statistics.
//
//	corpus [-o folder] [packages]
//
// Each interface is declared again in four forms: embedded, with its methods written
// out, defined by the interface, and as an alias. The declaration has many directives
// at first. If a check of resilgen refuses one, the declaration gets fewer, down to a
// wrapper that guards nothing. The statistics count the refusals by check, and name
// each interface that has a declaration without a wrapper. Every other problem is a
// failure, and then the exit code is 1.
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

// everything is the whole corpus. The modules are those of go.mod.
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

// run wraps the interfaces of the packages that match the patterns, and returns the
// number of failures. It must run in the folder of this module.
func run(ctx context.Context, folder string, patterns []string, w io.Writer) (failures int, err error) {
	if folder == "" {
		if folder, err = os.MkdirTemp("", "corpus"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(folder)
	}
	packages, err := load(ctx, patterns)
	if err != nil {
		return 0, err
	}
	// Indirect requirements in this go.mod are direct ones in the module of the wrappers.
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
	if slices.Equal(patterns, everything) { // a part may not have all calls
		c.checkCalls()
	}
	c.compile(ctx)
	c.report(w)
	return len(c.failures), nil
}
