package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// parse parses the flags of a command. The usage is printed before the flags, and
// after behind them. If done is true the command ends with the exit code.
func parse(flags *flag.FlagSet, args []string, usage, after string, stdout, stderr io.Writer) (code int, done bool) {
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
		fmt.Fprint(flags.Output(), after)
	}
	if asksForHelp(args) {
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
			fmt.Fprintf(stderr, "resilgen: write flags before the packages: %s\n", arg)
			return 2, true
		}
	}
	return 0, false
}

// asksForHelp reports whether the only argument asks for help.
func asksForHelp(args []string) bool {
	return len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help"}, args[0])
}
