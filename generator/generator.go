// Package generator writes resilient wrappers for interfaces with //resil: directives. It
// loads and type-checks packages, turns directives into policies, and checks the policies
// against the methods that they guard. Each source file with such an interface gets one
// output beside it.
package generator

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/emit"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// A Config says what to generate. The zero Config means the package in the current folder.
type Config struct {
	Dir      string   // folder in which Patterns are resolved; empty means the current one
	Patterns []string // of packages, as for go list; none means "."
	Check    bool     // compare outputs, and write and remove nothing

	// Progress, if it is not nil, is called with what a run is doing and, if there is
	// something to count, how much of it is done; else both numbers are 0. No two calls
	// run at the same time.
	Progress func(doing string, done, of int)
}

// A Result says what a run found and did. Paths are absolute, and sorted.
type Result struct {
	Diagnostics []annotations.Diagnostic // what is wrong in sources, sorted by position
	Written     []string                 // outputs that are new or changed
	Removed     []string                 // outputs whose sources have no directives any more
	Unchanged   []string                 // outputs that are up to date
	Ignored     []string                 // outputs whose sources this build leaves out
	LeftOut     []LeftOut                // sources with directives that this build leaves out, sorted by path
	Stale       []Stale                  // with Check: outputs that a run without it writes or removes
	Notes       []annotations.Diagnostic // on sources whose outputs are new or changed, or Stale: no mistakes, and perhaps not what their authors mean; without codes
	Details     []string                 // what a user may want to know about the run
}

// A Stale is an output that is out of date.
type Stale struct {
	Path     string
	Old, New []byte // its content; nil if there is no such file
}

// A LeftOut is a source with directives that this build leaves out: its outputs are neither
// written nor compared.
type LeftOut struct {
	Path string
	Why  string // what has it built, and how to run for it
}

// Run writes the outputs of all packages that match the patterns, and removes outputs that
// are no longer needed. If something is wrong in a source, its output stays as it is, and
// the diagnostics of the Result say what is wrong. Run fails if it cannot load packages, as
// when a pattern matches nothing, and if ctx ends. Runs in the same folders may be
// concurrent.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	loader, err := load.New(ctx, cfg.Dir, cfg.Patterns, cfg.Progress)
	if err != nil {
		return nil, err
	}
	var earlier Result
	if loader.Recall(&earlier) {
		earlier.Details = []string{unchanged}
		return &earlier, nil
	}
	packages, err := loader.Load(ctx)
	if err != nil {
		return nil, err
	}
	run := run{check: cfg.Check, contents: map[string][]byte{}}
	run.generate(model.BuildAll(ctx, packages))
	if ctx.Err() != nil { // then packages may be missing
		return nil, context.Cause(ctx)
	}
	for _, folder := range loader.Folders(packages) {
		run.sweep(folder)
	}
	run.write()
	for _, left := range loader.LeftOut(packages) {
		run.result.LeftOut = append(run.result.LeftOut, LeftOut{left.Path, model.Needs(left)})
	}
	run.sort()
	run.result.Details = loader.Notes
	loader.Remember(run.done())
	return &run.result, nil
}

const unchanged = "nothing has changed since the last run"

// done returns what the next run may use.
func (r *run) done() load.Done {
	now := &r.result
	done := load.Done{Contents: r.contents, Outputs: slices.Concat(now.Unchanged, now.Ignored), Removed: now.Removed}
	if len(now.Diagnostics) == 0 && len(now.Stale) == 0 {
		again := Result{Unchanged: slices.Concat(now.Written, now.Unchanged), Ignored: now.Ignored, LeftOut: now.LeftOut}
		slices.Sort(again.Unchanged)
		done.Result = again
	}
	return done
}

type run struct {
	check    bool
	targets  []target
	contents map[string][]byte // of outputs that were written, by path
	result   Result
}

// generate prints models. It prints some while it builds others.
func (r *run) generate(models iter.Seq[*model.Package]) {
	var sources []*model.Source
	var codes []*[]byte
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for m := range models {
		for _, src := range m.Sources {
			code := new([]byte)
			sources, codes = append(sources, src), append(codes, code)
			g.Go(func() error {
				*code = codeOf(src)
				return nil
			})
		}
	}
	g.Wait()
	for i, src := range sources {
		r.targets = append(r.targets, target{path: src.Output, code: *codes[i], keep: len(src.Diagnostics) > 0, notes: src.Notes()})
		r.result.Diagnostics = append(r.result.Diagnostics, src.Diagnostics...)
	}
}

// codeOf returns what the output of a source is to hold. It returns nil if there is to be no
// output, or if something is wrong in the source.
func codeOf(s *model.Source) []byte {
	if len(s.Diagnostics) > 0 || len(s.Wrappers) == 0 {
		return nil
	}
	code, err := emit.Source(s)
	if err != nil {
		s.Report(codeWrite, s.Wrappers[0].Spec.Pos(), "this is a fault of resilgen: it cannot write code for this file: %v", err)
		return nil
	}
	return code
}

func (r *run) sort() {
	r.result.Diagnostics = annotations.Sort(r.result.Diagnostics)
	r.result.Notes = annotations.Sort(r.result.Notes)
	for _, files := range [][]string{r.result.Written, r.result.Removed, r.result.Unchanged, r.result.Ignored} {
		slices.Sort(files)
	}
	slices.SortFunc(r.result.Stale, func(a, b Stale) int { return strings.Compare(a.Path, b.Path) })
}
