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
	// commands generate for all of the workload, one after another, as go generate runs them.
	commands func(w workload) []command
	// outputs matches what they write in a package's folder. What writes nothing
	// finds there what resilgen writes.
	outputs string
	// steady says that no practice makes them faster: they load every dependency
	// from source each time, or names alone.
	steady bool
}

// The names of contestants that are spoken of.
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

// once is one command for all packages.
func once(name string, args ...string) func(workload) []command {
	return func(w workload) []command {
		return []command{{dir: w.dir, name: name, args: args}}
	}
}

// each is a command for each package, run in its folder.
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

// everyService is a command for each interface, run in its package's folder.
func everyService(build func(service string) command) func(workload) []command {
	return func(w workload) (commands []command) {
		for _, service := range w.services() {
			one := each(func([]string) command { return build(service) })
			commands = append(commands, one(w)...)
		}
		return commands
	}
}

// gowrapTemplate is what gowrap generates by, its own for retries.
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

// removeOutputs leaves a workload with its sources only.
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

// checkOutputs sees to it that every interface of the workload is in an output.
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
