// Package generator writes resilient wrappers for the interfaces that carry
// //resil: directives: packages are loaded and type-checked, directives become
// policies, policies are checked against the methods they guard, and each source
// file with an annotated interface gets one output beside it.
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

// A Config says what to generate. Its zero value is the package in the current
// directory.
type Config struct {
	Dir      string   // where Patterns are resolved; the current directory if empty
	Patterns []string // packages, as the go command takes them; "." if there are none
	Check    bool     // compare only: write and remove nothing

	// Progress is told now and then what a longer run is doing and, where there is
	// something to count, how far it has come. It is not called by two at once.
	Progress func(doing string, done, of int)
}

// A Result tells what a run found and did. Its files are absolute paths, sorted.
type Result struct {
	Diagnostics []annotations.Diagnostic // sorted by position
	Written     []string                 // outputs that are new or changed
	Removed     []string                 // outputs whose annotations are gone
	Unchanged   []string                 // outputs that were right already
	Ignored     []string                 // outputs whose sources are not part of this build
	Stale       []Stale                  // with Check: outputs to write or to remove
	Notes       []string                 // what is worth knowing of how the run went
}

// A Stale is an output whose content is not what it should be.
type Stale struct {
	Path     string
	Old, New []byte // nil where there is, or should be, no such file
}

// Run generates the outputs of all packages that match the patterns. A source
// with something wrong in it keeps the output it has; the others are written.
// What is wrong in sources is told by the Result; the error is for runs that
// could not start, such as a pattern that matches nothing.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	loader, err := load.New(ctx, cfg.Dir, cfg.Patterns, cfg.Progress)
	if err != nil {
		return nil, err
	}
	var earlier Result
	if loader.Recall(&earlier) {
		earlier.Notes = []string{unchanged}
		return &earlier, nil
	}
	packages, err := loader.Load(ctx)
	if err != nil {
		return nil, err
	}
	run := run{check: cfg.Check, contents: map[string][]byte{}}
	run.generate(model.BuildAll(ctx, packages))
	if ctx.Err() != nil { // packages may have been looked for in vain
		return nil, context.Cause(ctx)
	}
	for _, folder := range loader.Folders(packages) {
		run.sweep(folder)
	}
	run.write()
	run.sort()
	run.result.Notes = loader.Notes
	loader.Remember(run.done())
	return &run.result, nil
}

const unchanged = "nothing has changed since the last run"

// done is what the next run may be spared.
func (r *run) done() load.Done {
	now := &r.result
	done := load.Done{Contents: r.contents, Outputs: slices.Concat(now.Unchanged, now.Ignored), Removed: now.Removed}
	if len(now.Diagnostics) == 0 && len(now.Stale) == 0 {
		again := Result{Unchanged: slices.Concat(now.Written, now.Unchanged), Ignored: now.Ignored}
		slices.Sort(again.Unchanged)
		done.Result = again
	}
	return done
}

type run struct {
	check    bool
	targets  []target
	contents map[string][]byte // by path
	result   Result
}

// generate makes the outputs of models, some while further models are built.
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
		r.targets = append(r.targets, target{path: src.Output, code: *codes[i], keep: len(src.Diagnostics) > 0})
		r.result.Diagnostics = append(r.result.Diagnostics, src.Diagnostics...)
	}
}

// codeOf is what the source's output must hold, or nil if it must not be there or
// the source has something wrong in it.
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
	for _, files := range [][]string{r.result.Written, r.result.Removed, r.result.Unchanged, r.result.Ignored} {
		slices.Sort(files)
	}
	slices.SortFunc(r.result.Stale, func(a, b Stale) int { return strings.Compare(a.Path, b.Path) })
}
