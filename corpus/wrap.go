package main

import (
	"context"
	"fmt"
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
	failures []string
}

// A refusal is a rule that refused directives.
type refusal struct {
	declarations int
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
		told := map[string]bool{}
		for _, d := range result.Diagnostics {
			p, declaration := c.at(d)
			if declaration == nil || !rules[d.Code] {
				c.failures = append(c.failures, d.String())
				if declaration == nil {
					continue
				}
			}
			demoted[declaration] = p
			if key := fmt.Sprint(declaration.name, d.Pos.Filename, d.Code); !told[key] {
				told[key] = true
				if c.refused[d.Code] == nil {
					c.refused[d.Code] = &refusal{example: d}
				}
				c.refused[d.Code].declarations++
			}
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
