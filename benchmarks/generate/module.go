package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A module is the benchmarks module, with the tools that are built from it.
type module struct {
	dir string
	bin string   // the folder of the tools
	env []string // of every command
}

// A command is one process.
type command struct {
	dir  string
	name string // go, or one of the tools
	args []string
	env  []string // in addition to the module's
}

// A usage is the time and memory of processes.
type usage struct {
	seconds float64
	peak    float64 // memory in bytes of the largest process, including those that it started
}

// openModule returns the module of the current directory. Its tools are built in tmp.
// What they keep in the user's cache directory is there too, except for the go
// command's build cache.
func openModule(ctx context.Context, tmp string) (module, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD", "GOCACHE").Output()
	if err != nil {
		return module{}, fmt.Errorf("go env: %w", err)
	}
	goMod, goCache, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	m := module{dir: filepath.Dir(goMod), bin: filepath.Join(tmp, "bin")}
	if filepath.Base(m.dir) != "benchmarks" {
		return module{}, errors.New("run this in the module benchmarks, because it uses the requirements of that module")
	}
	m.env = append(os.Environ(), "GOWORK=off", "GOPACKAGESDRIVER=off", "GOCACHE="+goCache, "XDG_CACHE_HOME="+filepath.Join(tmp, "cache"))
	return m, nil
}

// build builds the programs in the packages.
func (m module) build(ctx context.Context, packages ...string) error {
	args := append([]string{"build", "-o", m.bin + string(filepath.Separator)}, packages...)
	_, err := m.run(ctx, command{dir: m.dir, name: "go", args: args})
	return err
}

// run runs a command and waits for it. It returns an error if the command fails.
func (m module) run(ctx context.Context, c command) (usage, error) {
	path := c.name
	if path != "go" {
		path = filepath.Join(m.bin, path)
	}
	cmd := exec.CommandContext(ctx, path, c.args...)
	cmd.Dir = c.dir
	cmd.Env = append(append(m.env[:len(m.env):len(m.env)], "PWD="+c.dir), c.env...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		return usage{}, fmt.Errorf("%s %s: %w\n%s", c.name, strings.Join(c.args, " "), err, out)
	}
	return usage{seconds: took.Seconds(), peak: maxRSS(cmd.ProcessState)}, nil
}

// version returns the module that a tool was built from, and its version.
func (m module) version(tool string) (string, error) {
	info, err := buildinfo.ReadFile(filepath.Join(m.bin, tool))
	if err != nil {
		return "", err
	}
	return info.Main.Path + " " + info.Main.Version, nil
}
