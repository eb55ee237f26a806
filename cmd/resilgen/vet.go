package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

const vetUsage = `usage: resilgen vet [-fix] [packages]

Vet reports what is wrong in directives, as a run does, and mistakes in the use of
wrappers: see docs/command.md. It runs go vet, with this command as its tool.

`

// runVet runs go vet with this command as its tool.
func runVet(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("resilgen vet", flag.ContinueOnError)
	fix := flags.Bool("fix", false, "correct what has one correct form, and report the rest")
	build := buildFlags(flags)
	if code, done := parse(flags, args, vetUsage, "", stdout, stderr); done {
		return code
	}
	self, err := os.Executable()
	if err == nil {
		err = build.set(ctx)
	}
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	if *fix { // says nothing of what it cannot correct
		if code := goVet(ctx, stdout, stderr, append([]string{"-vettool=" + self, "-fix"}, flags.Args()...)); code != 0 {
			return code
		}
	}
	return goVet(ctx, stdout, stderr, append([]string{"-vettool=" + self}, flags.Args()...))
}

// goVet runs go vet and returns its exit code.
func goVet(ctx context.Context, stdout, stderr io.Writer, args []string) int {
	cmd := exec.CommandContext(ctx, "go", append([]string{"vet"}, args...)...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(stderr, "resilgen: %v\n", err)
		return 2
	}
	return 0
}

// asVetTool reports whether go vet -vettool runs the command. It first asks for the
// command's version and flags, and then gives it one package at a time.
func asVetTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	last := args[len(args)-1]
	return strings.HasSuffix(last, ".cfg") || len(args) == 1 && (last == "-V=full" || last == "-flags")
}
