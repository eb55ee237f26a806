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

// A Loader finds the packages that match patterns and selects those that have
// directives or outputs. It asks the go command for the export data of what those
// import, and type-checks their declarations.
//
// Of the generator's own outputs it reads the package clause only, so that an output
// may be out of date or broken.
type Loader struct {
	Notes []string // what a user may want to know about how the packages were loaded

	patterns []string
	progress func(doing string, done, of int)
	cmd      *goCommand
	cache    *cache

	fset       *token.FileSet
	imports    []string // of the relevant packages, sorted
	graphSize  int      // number of packages in the graph from the cache
	matched    []*listedPackage
	recalled   bool              // matched is from the cache
	digests    map[string]string // of the sources of matched, by path
	outputs    map[string]bool   // the files of matched that are outputs of the generator, by path
	incomplete bool              // go list does not tell all files of matched
	importer   *importer
	prefetched []string // loaded early, whether or not something imports it
	cgo        bool     // a relevant package uses cgo
}

// New returns a loader of the packages that match patterns, tests included. Patterns
// are resolved in dir, the current folder if empty; without patterns, the package there
// is meant. The loader calls progress, which may be nil, with what it is doing and, if
// there is something to count, how much of it is done. The error says that the go
// command does not run in dir.
func New(ctx context.Context, dir string, patterns []string, progress func(doing string, done, of int)) (*Loader, error) {
	start := time.Now()
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	go program() // may read it all, while the go command works
	cmd, err := newGoCommand(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &Loader{patterns: patterns, progress: progress, cmd: cmd, cache: newCache(start, cmd, patterns)}, nil
}

// Load loads the packages and returns them sorted by path. It fails if no package can
// be loaded, as when a pattern matches nothing, and if ctx ends.
func (l *Loader) Load(ctx context.Context) ([]*Package, error) {
	l.fset = token.NewFileSet()
	l.step("finding packages", 0, 0)
	old := l.cache.graph()
	if old != nil {
		l.importer = newImporter(l.fset, l.cmd, old.Listed)
		go l.importer.wait(old.Imports) // while the go command works
	}
	if l.matched = l.cache.listing(); l.matched != nil {
		l.recalled = true
	} else if err := l.match(ctx); err != nil {
		return nil, err
	}
	all, err := l.scan()
	if err != nil {
		return nil, err
	}
	relevant := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return !c.relevant })
	if err := l.runCgo(ctx, relevant); err != nil {
		return nil, err
	}
	if err := forEach(relevant, (*candidate).parse); err != nil {
		return nil, err
	}
	l.step("finding imports", 0, len(relevant))
	l.imports = importPaths(relevant)
	if old.has(l.imports) {
		l.graphSize, l.prefetched = len(old.Listed), old.Imports
	} else {
		imported, err := l.cmd.graph(ctx, l.imports)
		if err != nil {
			return nil, err
		}
		l.importer = newImporter(l.fset, l.cmd, imported)
	}
	l.check(relevant)
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

// step reports progress.
func (l *Loader) step(doing string, done, of int) {
	if l.progress != nil {
		l.progress(doing, done, of)
	}
}

func (l *Loader) note(format string, args ...any) {
	l.Notes = append(l.Notes, fmt.Sprintf(format, args...))
}

// match finds the packages that the patterns match, without their imports.
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

// scan reads the sources of the packages that match, and finds the relevant ones.
func (l *Loader) scan() ([]*candidate, error) {
	var all []*candidate
	for _, p := range l.matched {
		base := newCandidate(l.fset, p, p.ImportPath, slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles))
		for _, name := range p.unlisted() {
			base.unlisted = append(base.unlisted, filepath.Join(p.Dir, name))
			l.incomplete = true
		}
		if len(base.GoFiles)+len(base.unlisted) > 0 {
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
	l.digests, l.outputs = map[string]string{}, map[string]bool{}
	for _, c := range all {
		maps.Copy(l.digests, c.digests)
		for _, path := range c.outputs {
			l.outputs[path] = true
		}
		if c.relevant && c.tested != nil {
			c.tested.relevant = true
		}
	}
	for _, c := range all {
		if !c.relevant {
			c.sources = nil
		}
	}
	return all, nil
}

// runCgo has the go command run cgo for the packages that use it.
func (l *Loader) runCgo(ctx context.Context, packages []*candidate) error {
	users := map[string]*candidate{}
	for _, c := range packages {
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
			c.CompiledGoFiles = p.compiledFiles()
		}
	}
	return nil
}

// check type-checks the relevant packages: with the export data of what they import,
// or all from source if that cannot be read. It also waits for packages that were
// loaded early and that nothing imports, because nothing may change the importer
// afterwards.
func (l *Loader) check(packages []*candidate) {
	l.checkOnce(packages)
	l.importer.wait(l.prefetched)
	if err := l.importer.unreadable; err != nil {
		l.note("the go command's export data cannot be read, so that imported packages are type-checked from source, which is slower; a newer resilgen may read it: %v", err)
		l.importer = l.importer.fromSource()
		l.checkOnce(packages)
	} else if n := l.importer.checked; n > 0 {
		l.note("the build cache has no export data of %d imported packages; they were type-checked from source", n)
	}
}

// checkOnce type-checks the packages, external test packages after those they test.
func (l *Loader) checkOnce(packages []*candidate) {
	var mu sync.Mutex
	done := 0
	check := func(c *candidate) error {
		c.check(l.importer)
		mu.Lock()
		defer mu.Unlock()
		done++
		l.step("type-checking", done, len(packages))
		return nil
	}
	var base, tests []*candidate
	for _, c := range packages {
		if c.tested == nil {
			base = append(base, c)
		} else {
			tests = append(tests, c)
		}
	}
	forEach(base, check)
	forEach(tests, check)
}

// forEach calls f for all, several at a time, and returns the first error.
func forEach[T any](all []T, f func(T) error) error {
	var g errgroup.Group
	g.SetLimit(2 * cap(slots))
	for _, x := range all {
		g.Go(func() error { return f(x) })
	}
	return g.Wait()
}

// compiledFiles returns the Go files that cgo has made of a package. Some of them, in
// the build cache, have no extension; files of other languages have one.
func (l *listedPackage) compiledFiles() []string {
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
