package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the scripts in testdata at the root of the module. Each
// starts in a module of its own that uses this one. The name of a script begins
// with its subject: a directive or key, a command, or what happens to packages
// (load), sources and outputs. A name that ends in refused is about errors, one that
// ends in run calls the methods of a wrapper.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	goEnv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "CGO_ENABLED").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Split(string(goEnv), "\n")
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
			"absent": absent,
			"edit":   edit,
			"exits":  exitCode,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("GOCACHE", settings[0])
			env.Setenv("GOMODCACHE", settings[1])
			env.Setenv("GOPROXY", "off")
			for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
				env.Setenv(name, filepath.Join(env.WorkDir, ".home")) // records of runs
			}
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			for _, role := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+role+"_NAME", "tester")
				env.Setenv("GIT_"+role+"_EMAIL", "tester@example.com")
			}
			env.Setenv("GOFLAGS", "-mod=mod")
			env.Setenv("GOWORK", "off")
			env.Setenv("RESILGEN", tool)
			env.Setenv("ESC", "\x1b")
			if err := os.WriteFile(filepath.Join(env.WorkDir, "go.mod"), mod, 0o644); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "go.sum"), sum, 0o644)
		},
	})
}

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

// exitCode is the script command exits CODE COMMAND..., which runs a command that
// must end with this exit code.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [argument...]")
	}
	code := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// absent PATTERN fails if the name of a file or folder matches the pattern.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: absent pattern")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) > 0 {
		ts.Fatalf("found %s", strings.Join(found, ", "))
	}
}
