package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

// An importer has one types.Package for each import path. It reads the export data of
// a package if the build cache has it, and else type-checks the sources. The build
// cache that has a package's export data has that of all its imports, so that packages
// of the two kinds are never mixed.
//
// Of sources it checks only what other packages can refer to.
type importer struct {
	fset     *token.FileSet
	cmd      *goCommand
	sizes    types.Sizes
	listed   map[string]*listedPackage // by import path
	noExport bool                      // read no export data

	outer    *importer       // has the packages that are not in replaced; nil if this one has all
	replaced map[string]bool // by import path

	mu         sync.Mutex
	packages   map[string]*pendingPackage
	exported   map[string]*types.Package
	unreadable error // why a file of export data could not be read
	checked    int   // number of packages that were type-checked from source
}

// A pendingPackage is a package that some goroutine loads. It is there when ready is
// closed.
type pendingPackage struct {
	ready chan struct{}
	types *types.Package
	err   error
}

func newImporter(fset *token.FileSet, cmd *goCommand, packages []*listedPackage) *importer {
	u := &importer{
		fset:     fset,
		cmd:      cmd,
		sizes:    types.SizesFor("gc", cmd.env["GOARCH"]),
		listed:   map[string]*listedPackage{},
		packages: map[string]*pendingPackage{},
		exported: map[string]*types.Package{"unsafe": types.Unsafe},
	}
	u.add(packages)
	return u
}

// fromSource returns an importer of the same packages that reads no export data.
func (u *importer) fromSource() *importer {
	in := newImporter(u.fset, u.cmd, nil)
	in.listed, in.noExport = u.listed, true
	return in
}

// replacing returns an importer in which pkg, which has tests, takes the place of the
// package without them. The packages that import it are replaced too.
func (u *importer) replacing(path string, pkg *types.Package) *importer {
	in := u.fromSource()
	in.outer, in.replaced = u, map[string]bool{path: true}
	done := map[string]bool{}
	var visit func(string) bool
	visit = func(p string) bool {
		if l := u.listed[p]; l != nil && !done[p] && !in.replaced[p] {
			done[p] = true
			for _, imported := range l.Imports {
				if visit(imported) {
					in.replaced[p] = true
				}
			}
		}
		return in.replaced[p]
	}
	for p := range u.listed {
		visit(p)
	}
	ready := make(chan struct{})
	close(ready)
	in.packages[path] = &pendingPackage{ready: ready, types: pkg}
	return in
}

// finding guards the lists of packages of all importers: find adds to them when
// others may be reading them.
var finding sync.Mutex

// find returns a package that perhaps nothing imports.
func (u *importer) find(ctx context.Context, path string) (*types.Package, error) {
	finding.Lock()
	defer finding.Unlock()
	if u.listed[path] == nil && listable(path) {
		found, err := u.cmd.graph(ctx, []string{path})
		if err != nil {
			return nil, err
		}
		u.add(found)
	}
	if l := u.listed[path]; l != nil && l.Error != nil {
		return nil, errors.New(l.Error.Err)
	}
	return u.Import(path)
}

// leads reports whether a package that find has returned imports another, directly or
// through others.
func (u *importer) leads(from, to string) bool {
	finding.Lock()
	defer finding.Unlock()
	done := map[string]bool{}
	var visit func(string) bool
	visit = func(path string) bool {
		l := u.listed[path]
		if done[path] || l == nil {
			return false
		}
		done[path] = true
		return slices.Contains(l.Imports, to) || slices.ContainsFunc(l.Imports, visit)
	}
	return visit(from)
}

// add makes packages known.
func (u *importer) add(packages []*listedPackage) {
	for _, l := range packages {
		if old := u.listed[l.ImportPath]; old == nil || old.Error != nil && l.Error == nil {
			u.listed[l.ImportPath] = l
		}
	}
	u.breakCycles()
}

// breakCycles removes imports that lead back to the package they are in. They do not
// compile, and a package would wait for itself.
func (u *importer) breakCycles() {
	const under, done = 1, 2
	state := map[string]int{}
	var visit func(*listedPackage)
	visit = func(l *listedPackage) {
		state[l.ImportPath] = under
		l.Imports = slices.DeleteFunc(l.Imports, func(path string) bool {
			imported := u.listed[path]
			if imported != nil && state[path] == 0 {
				visit(imported)
			}
			return state[path] == under
		})
		state[l.ImportPath] = done
	}
	for _, path := range slices.Sorted(maps.Keys(u.listed)) { // sorted, to remove the same ones in every run
		if state[path] == 0 {
			visit(u.listed[path])
		}
	}
}

// slots limits how many packages are parsed or checked at a time.
var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// Import returns a package when it is loaded. It may be called by several goroutines.
func (u *importer) Import(path string) (*types.Package, error) {
	p := u.start(path)
	<-p.ready
	return p.types, p.err
}

// wait returns when packages are loaded.
func (u *importer) wait(paths []string) {
	for _, path := range paths {
		u.start(path)
	}
	for _, path := range paths {
		<-u.start(path).ready
	}
}

// start begins to load a package, unless that has begun.
func (u *importer) start(path string) *pendingPackage {
	if u.outer != nil && !u.replaced[path] {
		return u.outer.start(path)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.packages[path]
	if p != nil {
		return p
	}
	p = &pendingPackage{ready: make(chan struct{})}
	u.packages[path] = p
	l := u.listed[path]
	switch {
	case path == "unsafe":
		p.types = types.Unsafe
	case l == nil:
		p.err = fmt.Errorf("package %s is not known", path)
	case l.Export != "" && !u.noExport:
		p.types, p.err = u.read(l)
	case len(l.GoFiles)+len(l.CgoFiles) == 0:
		p.err = fmt.Errorf("package %s cannot be loaded", path)
		if l.Error != nil {
			p.err = errors.New(l.Error.Err)
		}
	default:
		u.checked++
		go func() {
			defer close(p.ready)
			p.types = u.check(l)
		}()
		return p
	}
	close(p.ready)
	return p
}

// read reads the export data of a package.
func (u *importer) read(l *listedPackage) (*types.Package, error) {
	if p := u.exported[l.ImportPath]; p != nil && p.Complete() {
		return p, nil
	}
	p, err := u.decode(l)
	if err != nil && u.unreadable == nil {
		u.unreadable = err
	}
	return p, err
}

func (u *importer) decode(l *listedPackage) (*types.Package, error) {
	f, err := os.Open(l.Export)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	//lint:ignore SA1019 The go command before 1.28 puts export data into archives, which nothing else reads.
	r, err := gcexportdata.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	return gcexportdata.Read(r, u.fset, u.exported, l.ImportPath)
}

// check type-checks a package from its sources.
func (u *importer) check(l *listedPackage) *types.Package {
	files := u.parse(l)
	needed := map[string]bool{}
	for _, f := range files {
		for _, imported := range u.usedImports(f, l) {
			needed[imported] = true
		}
	}
	var imported []string
	for path := range needed {
		if path = l.resolve(path); slices.Contains(l.Imports, path) {
			imported = append(imported, path)
		}
	}
	u.wait(imported)
	slots <- struct{}{}
	defer func() { <-slots }()
	conf := types.Config{
		GoVersion:        l.goVersion(),
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Sizes:            u.sizes,
		Error:            func(error) {}, // types that are missing are reported where they are used
		Importer: ImporterFunc(func(path string) (*types.Package, error) {
			switch {
			case path == "unsafe":
				return types.Unsafe, nil
			case !needed[path]:
				return u.placeholder(l.resolve(path)), nil
			case !slices.Contains(imported, l.resolve(path)):
				return nil, fmt.Errorf("package %s cannot be imported", path)
			}
			return u.Import(l.resolve(path))
		}),
	}
	p, _ := conf.Check(l.ImportPath, u.fset, files, nil)
	return p
}

// placeholder returns an empty package, for an import that no declaration refers to.
func (u *importer) placeholder(path string) *types.Package {
	name := "_"
	if l := u.listed[path]; l != nil && l.Name != "" {
		name = l.Name
	}
	p := types.NewPackage(path, name)
	p.MarkComplete()
	return p
}

// resolve returns the path of the package that an import path means in this package.
func (l *listedPackage) resolve(path string) string {
	if mapped := l.ImportMap[path]; mapped != "" {
		return mapped
	}
	return path
}

// goVersion returns the language version of the package, empty if it is not known.
func (l *listedPackage) goVersion() string {
	if l.Module == nil || l.Module.GoVersion == "" {
		return ""
	}
	return "go" + l.Module.GoVersion
}

// parse parses the sources of a package, and leaves what other packages can refer to.
func (u *importer) parse(l *listedPackage) []*ast.File {
	slots <- struct{}{}
	defer func() { <-slots }()
	var files []*ast.File
	for _, name := range slices.Concat(l.GoFiles, l.CgoFiles) {
		name = filepath.Join(l.Dir, name)
		src, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if f, _ := parser.ParseFile(u.fset, name, withoutBodies(src), parser.SkipObjectResolution); f != nil {
			files = append(files, f)
		}
	}
	prune(files)
	return files
}

// usedImports returns the imports of a file that its declarations refer to.
func (u *importer) usedImports(f *ast.File, l *listedPackage) []string {
	if len(f.Imports) == 0 {
		return nil
	}
	qualifiers := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if n, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := n.X.(*ast.Ident); ok {
				qualifiers[x.Name] = true
			}
		}
		return true
	})
	var used []string
	for _, imp := range f.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err != nil || path == "C" {
			continue
		}
		name := "."
		if imp.Name != nil {
			name = imp.Name.Name
		} else {
			if imported := u.listed[l.resolve(path)]; imported != nil && imported.Name != "" {
				name = imported.Name
			}
		}
		if name == "." || qualifiers[name] {
			used = append(used, path)
		}
	}
	return used
}
