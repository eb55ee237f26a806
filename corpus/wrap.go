package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator"
)

// A corpus is one run of the program.
type corpus struct {
	folder   string // of the wrappers
	packages []*corpusPackage
	refused  map[string]*refusal // by the code of the check
	calls    map[string]int      // number in the wrappers, by the call
	failures []string
}

// A refusal has the declarations that a check has refused.
type refusal struct {
	declarations map[*declaration]bool
	example      annotations.Diagnostic
}

// checks has the codes of the checks that may refuse a directive. Any other code is a
// mistake of the corpus or of the generator.
var checks = map[string]bool{
	"RG018": true,                                                             // reaches no method
	"RG030": true, "RG031": true, "RG032": true, "RG033": true, "RG034": true, // the signature or name does not allow it
	"RG036": true, // the interface cannot be wrapped
}

// wrap runs the generator until it refuses nothing. A declaration that a check refuses
// goes to the next step, and has no directives after the last one.
func (c *corpus) wrap(ctx context.Context) error {
	patterns := []string{"./..."}
	for len(patterns) > 0 {
		result, err := generator.Run(ctx, generator.Config{Dir: c.folder, Patterns: patterns})
		if err != nil {
			return err
		}
		reduced := map[*declaration]*corpusPackage{}
		for _, d := range result.Diagnostics {
			p, refused := c.at(d)
			if refused == nil || !checks[d.Code] {
				c.failures = append(c.failures, d.String())
				if refused == nil {
					continue
				}
			}
			reduced[refused] = p
			refused.reason = d.Message
			if c.refused[d.Code] == nil {
				c.refused[d.Code] = &refusal{declarations: map[*declaration]bool{}, example: d}
			}
			c.refused[d.Code].declarations[refused] = true
		}
		patterns = nil
		again := map[*corpusPackage]bool{}
		for d, p := range reduced {
			d.step++
			again[p] = true
		}
		for p := range again {
			if err := c.write(p); err != nil {
				return err
			}
			patterns = append(patterns, "./"+p.Path())
		}
	}
	return nil
}

// at returns the declaration at the position of a diagnostic, or nil.
func (c *corpus) at(d annotations.Diagnostic) (*corpusPackage, *declaration) {
	name, err := filepath.Rel(c.folder, d.Pos.Filename)
	if err != nil {
		return nil, nil
	}
	name = filepath.ToSlash(name)
	for _, p := range c.packages {
		if p.Path() != path.Dir(name) {
			continue
		}
		for _, declared := range p.declarations {
			if string(declared.form)+".go" == path.Base(name) && declared.lines[0] <= d.Pos.Line && d.Pos.Line <= declared.lines[1] {
				return p, declared
			}
		}
	}
	return nil, nil
}

// calls has the calls of the runtime that wrappers make.
var calls = []string{
	"resil.Call(", "resil.CallClassified(", "resil.Run(", "resil.RunClassified(", "resil.Hedged(", "resil.HedgedClassified(",
	"resil.KeyedMethod[", ".FallsBack(", ".FallsBackClassified(", "resil.WithCause(", "resil.Discard(", "resil.NewHold(",
}

// count counts the calls of the runtime in the wrappers.
func (c *corpus) count() error {
	c.calls = map[string]int{}
	err := filepath.WalkDir(c.folder, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_resil.go") {
			return err
		}
		content, err := os.ReadFile(name)
		for _, call := range calls {
			c.calls[call] += strings.Count(string(content), call)
		}
		return err
	})
	return err
}

// checkCalls adds a failure for each call of the runtime that no wrapper makes.
func (c *corpus) checkCalls() {
	for _, call := range calls {
		if c.calls[call] == 0 {
			c.failures = append(c.failures, "no wrapper has "+call)
		}
	}
}

// compile builds and vets the wrappers.
func (c *corpus) compile(ctx context.Context) {
	for _, verb := range []string{"build", "vet"} {
		cmd := exec.CommandContext(ctx, "go", verb, "./...")
		cmd.Dir = c.folder
		if out, err := cmd.CombinedOutput(); err != nil {
			c.failures = append(c.failures, fmt.Sprintf("go %s: %v\n%s", verb, err, strings.TrimSpace(string(out))))
		}
	}
}
