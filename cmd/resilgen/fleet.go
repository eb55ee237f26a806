package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// fleetProgram is the command that shows and commands fleets. It is a module of its own,
// because of the client of Redis that it needs.
const (
	fleetProgram = "resilgen-fleet"
	fleetPath    = "github.com/resilgen/resilgen/integrations/redis/cmd/" + fleetProgram
)

const fleetMissing = `resilgen: there is no ` + fleetProgram + `, which is a module of its own: write
	go get -tool ` + fleetPath + `
`

// fleet is the fleet command: it runs resilgen-fleet, which is in PATH or a tool of the
// module. It returns the exit code.
func fleet(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	program, err := exec.LookPath(fleetProgram)
	if err != nil {
		out, err := exec.CommandContext(ctx, "go", "tool", "-n", fleetPath).Output()
		if program = strings.TrimSpace(string(out)); err != nil || program == "" {
			fmt.Fprint(stderr, fleetMissing)
			return 2
		}
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err = cmd.Run()
	var exited *exec.ExitError
	switch {
	case errors.As(err, &exited) && exited.ExitCode() > 0:
		return exited.ExitCode()
	case err != nil:
		fmt.Fprintf(stderr, "resilgen: %s: %v\n", fleetProgram, err)
		return 2
	}
	return 0
}
