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

// A corpus is worked through once.
type corpus struct {
	folder   string
	packages []*surveyed
	refused  map[string]*refusal // by code
	calls    map[string]int      // in the wrappers
	failures []string
}

// A refusal is a rule that refused directives.
type refusal struct {
	declarations map[*declaration]bool
	example      annotations.Diagnostic
}

// rules are the codes of the rules that may refuse a directive. The codes of
// other mistakes would be mistakes of the corpus or of the generator.
var rules = map[string]bool{
	"RG018": true,                                                             // reaches no method
	"RG030": true, "RG031": true, "RG032": true, "RG033": true, "RG034": true, // a signature or name forbids it
	"RG036": true, // the interface cannot be wrapped
}

// wrap runs the generator until nothing is refused any more: what a rule refuses
// goes down a rung, and off the ladder from the last.
func (c *corpus) wrap(ctx context.Context) error {
	patterns := []string{"./..."}
	for len(patterns) > 0 {
		result, err := generator.Run(ctx, generator.Config{Dir: c.folder, Patterns: patterns})
		if err != nil {
			return err
		}
		demoted := map[*declaration]*surveyed{}
		for _, d := range result.Diagnostics {
			p, refused := c.at(d)
			if refused == nil || !rules[d.Code] {
				c.failures = append(c.failures, d.String())
				if refused == nil {
					continue
				}
			}
			demoted[refused] = p
			refused.reason = d.Message
			if c.refused[d.Code] == nil {
				c.refused[d.Code] = &refusal{declarations: map[*declaration]bool{}, example: d}
			}
			c.refused[d.Code].declarations[refused] = true
		}
		patterns = nil
		again := map[*surveyed]bool{}
		for d, p := range demoted {
			d.rung++
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

// at finds the declaration that a diagnostic is about.
func (c *corpus) at(d annotations.Diagnostic) (*surveyed, *declaration) {
	name, err := filepath.Rel(c.folder, d.Pos.Filename)
	if err != nil {
		return nil, nil
	}
	name = filepath.ToSlash(name)
	for _, p := range c.packages {
		if p.Path() != path.Dir(name) {
			continue
		}
		for _, declared := range p.declared {
			if string(declared.form)+".go" == path.Base(name) && declared.lines[0] <= d.Pos.Line && d.Pos.Line <= declared.lines[1] {
				return p, declared
			}
		}
	}
	return nil, nil
}

// calls are the ways into the runtime that wrappers have, as they write them.
var calls = []string{
	"resil.Call(", "resil.CallJudged(", "resil.Run(", "resil.RunJudged(", "resil.Hedged(", "resil.HedgedJudged(",
	"resil.MethodByKey[", ".FallsBack(", ".FallsBackJudged(", "resil.WithCause(", "resil.Discard(",
}

// count counts the calls in the wrappers.
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

// untried are failures of the corpus itself: calls that no wrapper has.
func (c *corpus) untried() {
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
