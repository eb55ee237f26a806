package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A contestant is a way to generate, or to load, a workload.
type contestant struct {
	name string
	// configure writes the files that the commands read; nil if they read none.
	configure func(w workload) error
	// commands returns the commands for the whole workload. They run one after another,
	// as with go generate.
	commands func(w workload) []command
	// outputs is the pattern of the files that they write in the folder of a package. It
	// is empty if they write none; then the folder has the outputs of resilgen.
	outputs string
	// steady means that a practice run does not make them faster, because they load every
	// dependency from source each time, or only names.
	steady bool
}

// The names of contestants that other code uses.
const (
	resil    = "resilgen"
	bareload = "bare load"
	golist   = "go list"
	mockery  = "mockery"
	gowrap   = "gowrap"
)

const resilgenOutputs = "service_resil.go"

var resilgen = once("resilgen", "./...")

var contestants = []contestant{
	{name: golist, commands: once("go", "list", "./...")},
	{name: bareload, commands: once("bareload", "./...")},
	{name: resil, commands: resilgen, outputs: resilgenOutputs},
	{name: gowrap, configure: configureGowrap, outputs: "*_retry.go", steady: true, commands: everyService(func(service string) command {
		return command{name: "gowrap", args: []string{"gen", "-g", "-p", ".", "-i", service, "-t", "../" + gowrapTemplate, "-o", strings.ToLower(service) + "_retry.go"}}
	})},
	{name: mockery, configure: configureMockery, commands: once("mockery"), outputs: "mocks_test.go"},
	{name: "moq", outputs: "mocks_test.go", commands: each(func(services []string) command {
		return command{name: "moq", args: append([]string{"-out", "mocks_test.go", "."}, services...)}
	})},
	{name: "counterfeiter", outputs: "*fakes/*.go", steady: true, commands: each(func([]string) command {
		return command{name: "counterfeiter", args: []string{"-generate"}}
	})},
	{name: "mockgen", outputs: "mocks/mocks.go", steady: true, commands: each(func(services []string) command {
		return command{name: "mockgen", args: []string{"-destination=mocks/mocks.go", "-package=mocks", ".", strings.Join(services, ",")}}
	})},
	{name: "mockgen -source", outputs: "mocks/mocks.go", commands: each(func([]string) command {
		return command{name: "mockgen", args: []string{"-destination=mocks/mocks.go", "-package=mocks", "-source=" + sourceFile}}
	})},
}

// once returns one command for all packages.
func once(name string, args ...string) func(workload) []command {
	return func(w workload) []command {
		return []command{{dir: w.dir, name: name, args: args}}
	}
}

// each returns a command for each package, run in the folder of the package.
func each(build func(services []string) command) func(workload) []command {
	return func(w workload) []command {
		var commands []command
		for _, name := range w.packages() {
			c := build(w.services())
			c.dir = filepath.Join(w.dir, name)
			commands = append(commands, c)
		}
		return commands
	}
}

// everyService returns a command for each interface, run in the folder of its package.
func everyService(build func(service string) command) func(workload) []command {
	return func(w workload) (commands []command) {
		for _, service := range w.services() {
			one := each(func([]string) command { return build(service) })
			commands = append(commands, one(w)...)
		}
		return commands
	}
}

// gowrapTemplate is the file with gowrap's own template for retries.
const gowrapTemplate = "retry.tmpl"

func configureGowrap(w workload) error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/hexdigest/gowrap").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	template, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "templates", "retry"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.dir, gowrapTemplate), template, 0o666)
}

func configureMockery(w workload) error {
	var b strings.Builder
	b.WriteString("all: true\ntemplate: matryer\npackages:\n")
	for _, name := range w.packages() {
		fmt.Fprintf(&b, "  %s/%s: {}\n", modulePath, name)
	}
	return os.WriteFile(filepath.Join(w.dir, ".mockery.yml"), []byte(b.String()), 0o666)
}

// removeOutputs removes the outputs of a workload.
func (c contestant) removeOutputs(w workload) error {
	if c.outputs == "" {
		c.outputs = resilgenOutputs
	}
	outputs, err := filepath.Glob(filepath.Join(w.dir, "*", c.outputs))
	if err != nil {
		return err
	}
	for _, output := range outputs {
		if err := os.Remove(output); err != nil {
			return err
		}
	}
	return nil
}

// checkOutputs returns an error if an interface of the workload is in no output.
func (c contestant) checkOutputs(w workload) error {
	if c.outputs == "" {
		return nil
	}
	for _, name := range w.packages() {
		outputs, err := filepath.Glob(filepath.Join(w.dir, name, c.outputs))
		if err != nil {
			return err
		}
		var code strings.Builder
		for _, output := range outputs {
			content, err := os.ReadFile(output)
			if err != nil {
				return err
			}
			code.Write(content)
		}
		for _, service := range w.services() {
			if !strings.Contains(code.String(), service) {
				return fmt.Errorf("%s generated nothing for %s in package %s", c.name, service, name)
			}
		}
	}
	return nil
}
