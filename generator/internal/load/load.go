package load

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Loader finds the packages that match, looks which of them are annotated,
// asks the go command for the export data of what those import, and type-checks
// their declarations.
//
// The bodies of the generator's own outputs are not seen, so that stale or
// broken ones do no harm.
type Loader struct {
	Notes []string // what is worth knowing of how it went

	patterns []string
	progress func(doing string, done, of int)
	cmd      *goCommand
	recorder *recorder

	fset       *token.FileSet
	imports    []string // of the marked packages, sorted
	remembered int      // how many packages were not listed anew
	matched    []*listed
	recalled   bool              // matched is from an earlier run
	read       map[string]string // digests of the sources of matched, by path
	outputs    map[string]bool   // of the generator among the files of matched, by path
	lost       bool              // go list says nothing of some files of matched
	universe   *universe
	begun      []string // what of it is loaded whether or not something imports it
	cgo        bool     // a marked package uses cgo
}

// New makes a loader of the packages that match patterns in a folder, the current
// one if empty, tests included. It tells progress, which may be nil, now and then
// what it is doing and, where there is something to count, how far it has come.
func New(ctx context.Context, dir string, patterns []string, progress func(doing string, done, of int)) (*Loader, error) {
	start := time.Now()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	cmd, err := newGoCommand(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &Loader{patterns: patterns, progress: progress, cmd: cmd, recorder: newRecorder(start, cmd, patterns)}, nil
}

// Load loads the packages, sorted by path. The error is for what keeps it from
// loading any, such as a pattern that matches nothing.
func (l *Loader) Load(ctx context.Context) ([]*Package, error) {
	l.fset = token.NewFileSet()
	l.step("finding packages", 0, 0)
	old := l.recorder.graph()
	if old != nil {
		l.universe = newUniverse(l.fset, l.cmd, old.Listed)
		go l.universe.wait(old.Imports) // while the go command is at work
	}
	if l.matched = l.recorder.listing(); l.matched != nil {
		l.recalled = true
	} else if err := l.match(ctx); err != nil {
		return nil, err
	}
	all, err := l.scan()
	if err != nil {
		return nil, err
	}
	marked := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return !c.marked })
	if err := l.translate(ctx, marked); err != nil {
		return nil, err
	}
	if err := forEach(marked, (*candidate).parse); err != nil {
		return nil, err
	}
	l.step("finding imports", 0, len(marked))
	l.imports = importedBy(marked)
	if old.has(l.imports) {
		l.remembered, l.begun = len(old.Listed), old.Imports
	} else {
		imported, err := l.cmd.graph(ctx, l.imports)
		if err != nil {
			return nil, err
		}
		l.universe = newUniverse(l.fset, l.cmd, imported)
	}
	l.check(marked)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	pkgs := make([]*Package, len(all))
	for i, c := range all {
		pkgs[i] = c.Package
	}
	slices.SortFunc(pkgs, func(a, b *Package) int { return strings.Compare(a.PkgPath, b.PkgPath) })
	return pkgs, nil
}

func (l *Loader) step(doing string, done, of int) {
	if l.progress != nil {
		l.progress(doing, done, of)
	}
}

func (l *Loader) note(format string, args ...any) {
	l.Notes = append(l.Notes, fmt.Sprintf(format, args...))
}

// match finds the packages, without their imports.
func (l *Loader) match(ctx context.Context) error {
	found, err := l.cmd.list(ctx, []string{"-find"}, l.patterns)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no packages match %s", strings.Join(l.patterns, " "))
	}
	seen := map[string]bool{}
	for _, p := range found {
		switch {
		case seen[p.ImportPath]:
		case len(p.GoFiles)+len(p.CgoFiles)+len(p.TestGoFiles)+len(p.XTestGoFiles) > 0:
			l.matched = append(l.matched, p)
		case p.Error != nil:
			return errors.New(strings.TrimSpace(p.Error.Err))
		}
		seen[p.ImportPath] = true
	}
	return nil
}

// scan reads the sources of the packages that match and looks which are marked.
func (l *Loader) scan() ([]*candidate, error) {
	var all []*candidate
	for _, p := range l.matched {
		base := newCandidate(l.fset, p, p.ImportPath, slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles))
		for _, name := range p.lost() {
			base.lost = append(base.lost, filepath.Join(p.Dir, name))
			l.lost = true
		}
		if len(base.GoFiles)+len(base.lost) > 0 {
			all = append(all, base)
		} else {
			base = nil
		}
		if len(p.XTestGoFiles) > 0 {
			x := newCandidate(l.fset, p, p.ImportPath+"_test", p.XTestGoFiles)
			x.tested = base
			all = append(all, x)
		}
	}
	if err := forEach(all, (*candidate).read); err != nil {
		return nil, err
	}
	l.read, l.outputs = map[string]string{}, map[string]bool{}
	for _, c := range all {
		maps.Copy(l.read, c.digests)
		for _, path := range c.outputs {
			l.outputs[path] = true
		}
		if c.marked && c.tested != nil {
			c.tested.marked = true
		}
	}
	for _, c := range all {
		if !c.marked {
			c.sources = nil
		}
	}
	return all, nil
}

// translate has the go command run cgo for the packages that use it.
func (l *Loader) translate(ctx context.Context, marked []*candidate) error {
	users := map[string]*candidate{}
	for _, c := range marked {
		if c.tested == nil && len(c.listed.CgoFiles) > 0 {
			users[c.listed.ImportPath] = c
		}
	}
	if l.cgo = len(users) > 0; !l.cgo {
		return nil
	}
	found, err := l.cmd.list(ctx, []string{"-compiled", "-test"}, slices.Sorted(maps.Keys(users)))
	if err != nil {
		return err
	}
	for _, p := range found {
		path, _, _ := strings.Cut(p.ImportPath, " ")
		c := users[path]
		if c != nil && len(p.CompiledGoFiles) > len(c.CompiledGoFiles) && (p.ForTest == "" || p.ForTest == path) {
			c.CompiledGoFiles = p.compiled()
		}
	}
	return nil
}

// check type-checks the marked packages: with the export data of what they
// import, or all from source if that cannot be read. Of what was begun they may
// not import all, but none of it may go on while others use the universe.
func (l *Loader) check(marked []*candidate) {
	l.checkOnce(marked)
	l.universe.wait(l.begun)
	if err := l.universe.unreadable; err != nil {
		l.note("the go command's export data cannot be read, so that imported packages are type-checked from source, which is slower; a newer resilgen may read it: %v", err)
		l.universe = l.universe.fromSource()
		l.checkOnce(marked)
	} else if n := l.universe.sources; n > 0 {
		l.note("the build cache has no export data of %d imported packages; they were type-checked from source", n)
	}
}

// checkOnce type-checks external test packages after what they test.
func (l *Loader) checkOnce(marked []*candidate) {
	var mu sync.Mutex
	done := 0
	check := func(c *candidate) error {
		c.check(l.universe)
		mu.Lock()
		defer mu.Unlock()
		done++
		l.step("type-checking", done, len(marked))
		return nil
	}
	var base, tests []*candidate
	for _, c := range marked {
		if c.tested == nil {
			base = append(base, c)
		} else {
			tests = append(tests, c)
		}
	}
	forEach(base, check)
	forEach(tests, check)
}

// forEach calls f for all, some at once, and returns the first error.
func forEach[T any](all []T, f func(T) error) error {
	var g errgroup.Group
	g.SetLimit(2 * cap(slots))
	for _, x := range all {
		g.Go(func() error { return f(x) })
	}
	return g.Wait()
}

// compiled are the files that stand for a package that uses cgo. Some in the
// build cache have no extension; other languages' files have one.
func (l *listed) compiled() []string {
	var files []string
	for _, name := range l.CompiledGoFiles {
		if ext := filepath.Ext(name); ext == ".go" || ext == "" {
			if !filepath.IsAbs(name) {
				name = filepath.Join(l.Dir, name)
			}
			files = append(files, name)
		}
	}
	return files
}
