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
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what scripts compare with anew")

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

// TestScripts runs the scripts in testdata at the root of the module. Each
// starts in a module of its own that uses this one.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	goEnv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "CGO_ENABLED").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Fields(string(goEnv))
	mod, sum := scratchModule(t, root)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Getuid() == 0, nil
			case "cgo":
				return settings[2] == "1", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"edit": edit,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("GOCACHE", settings[0])
			env.Setenv("GOMODCACHE", settings[1])
			env.Setenv("GOPROXY", "off")
			for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
				env.Setenv(name, filepath.Join(env.WorkDir, ".home")) // records of runs
			}
			env.Setenv("GOFLAGS", "-mod=mod")
			env.Setenv("GOWORK", "off")
			env.Setenv("RESILGEN", tool)
			if err := os.WriteFile(filepath.Join(env.WorkDir, "go.mod"), mod, 0o644); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "go.sum"), sum, 0o644)
		},
	})
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

// scratchModule is the go.mod and go.sum of a module that has this one as a tool
// and finds everything else in the module cache.
func scratchModule(t *testing.T, root string) (mod, sum []byte) {
	t.Helper()
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err = os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("module example.com/app\n")
	for line := range strings.Lines(string(own)) {
		if !strings.HasPrefix(line, "module ") && !strings.HasPrefix(line, "tool ") {
			text.WriteString(line)
		}
	}
	text.WriteString("tool " + modulePath + "/cmd/resilgen\n")
	text.WriteString("require " + modulePath + " v0.0.0\n")
	text.WriteString("replace " + modulePath + " => " + root + "\n")
	return []byte(text.String()), sum
}

// edit FILE OLD NEW replaces OLD in a file, where it must be.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit file old new")
	}
	path := ts.MkAbs(args[0])
	text := ts.ReadFile(path)
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}
