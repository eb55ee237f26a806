package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

var update = flag.Bool("update", false, "write what scripts compare with again")

// tool is the path of the command under test, which comes first in PATH. It is
// built without the race detector, which is for what tests run in process: a
// script starts the command many times.
var tool string

func TestMain(m *testing.M) {
	os.Exit(withTool(m.Run))
}

func withTool(run func() int) int {
	dir, err := os.MkdirTemp("", "resilgen")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	tool = filepath.Join(dir, "resilgen")
	if runtime.GOOS == "windows" {
		tool += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return run()
}

// What cannot be printed is no success: the shell has made the file by then.
func TestLostOutputIsAnError(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"directives"}, {"directives", "retry"}, {"explain", "RG014"}, {"-h"}} {
		var stderr bytes.Buffer
		code := run(t.Context(), args, full{}, &stderr)
		if want := "resilgen: the output is not complete: no space left\n"; code != 2 || stderr.String() != want {
			t.Errorf("%v: exit code %d and %q, want 2 and %q", args, code, stderr.String(), want)
		}
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }
