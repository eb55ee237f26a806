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

// A universe has one types.Package for each import path. It takes a package
// from the export data that the build cache holds or else from its sources, and
// as a package whose export data is there has that of all its imports beside it,
// the two kinds never mix.
//
// Of sources it reads what others can see, and loads what that refers to.
type universe struct {
	fset   *token.FileSet
	cmd    *goCommand
	sizes  types.Sizes
	listed map[string]*listed // by import path
	source bool               // ignore export data

	outer *universe       // has the packages that are not in own
	own   map[string]bool // nil: all

	mu         sync.Mutex
	packages   map[string]*universal
	exported   map[string]*types.Package
	unreadable error // an export data file could not be read
	sources    int   // packages that were type-checked
}

// A universal is a package that some goroutine loads.
type universal struct {
	ready chan struct{}
	types *types.Package
	err   error
}

func newUniverse(fset *token.FileSet, cmd *goCommand, packages []*listed) *universe {
	u := &universe{
		fset:     fset,
		cmd:      cmd,
		sizes:    types.SizesFor("gc", cmd.env["GOARCH"]),
		listed:   map[string]*listed{},
		packages: map[string]*universal{},
		exported: map[string]*types.Package{"unsafe": types.Unsafe},
	}
	u.add(packages)
	return u
}

// fromSource is a universe of the same packages that has no use for export data.
func (u *universe) fromSource() *universe {
	in := newUniverse(u.fset, u.cmd, nil)
	in.listed, in.source = u.listed, true
	return in
}

// within is a universe in which one package is another than here: a package as
// its tests see it. So are those that import it.
func (u *universe) within(path string, pkg *types.Package) *universe {
	in := u.fromSource()
	in.outer, in.own = u, map[string]bool{path: true}
	done := map[string]bool{}
	var visit func(string) bool
	visit = func(p string) bool {
		if l := u.listed[p]; l != nil && !done[p] && !in.own[p] {
			done[p] = true
			for _, imported := range l.Imports {
				if visit(imported) {
					in.own[p] = true
				}
			}
		}
		return in.own[p]
	}
	for p := range u.listed {
		visit(p)
	}
	ready := make(chan struct{})
	close(ready)
	in.packages[path] = &universal{ready: ready, types: pkg}
	return in
}

// finding is held while packages become known after others are in use.
var finding sync.Mutex

// find is a package that nothing here need import.
func (u *universe) find(ctx context.Context, path string) (*types.Package, error) {
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

// leads reports whether a package that find has found imports another, itself or
// through others.
func (u *universe) leads(from, to string) bool {
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
func (u *universe) add(packages []*listed) {
	for _, l := range packages {
		if old := u.listed[l.ImportPath]; old == nil || old.Error != nil && l.Error == nil {
			u.listed[l.ImportPath] = l
		}
	}
	u.cut()
}

// cut removes the imports that lead back to the package they are in, which do
// not compile, and would be waited for in vain.
func (u *universe) cut() {
	const under, done = 1, 2
	state := map[string]int{}
	var visit func(*listed)
	visit = func(l *listed) {
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
	for _, path := range slices.Sorted(maps.Keys(u.listed)) { // in an order, to cut the same ones in every run
		if state[path] == 0 {
			visit(u.listed[path])
		}
	}
}

// slots bounds how many packages are parsed or checked at once.
var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// Import makes a universe a types.Importer. It may be called by many at once.
func (u *universe) Import(path string) (*types.Package, error) {
	p := u.start(path)
	<-p.ready
	return p.types, p.err
}

// wait returns when packages are loaded.
func (u *universe) wait(paths []string) {
	for _, path := range paths {
		u.start(path)
	}
	for _, path := range paths {
		<-u.start(path).ready
	}
}

// start begins to load a package.
func (u *universe) start(path string) *universal {
	if u.outer != nil && !u.own[path] {
		return u.outer.start(path)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.packages[path]
	if p != nil {
		return p
	}
	p = &universal{ready: make(chan struct{})}
	u.packages[path] = p
	l := u.listed[path]
	switch {
	case path == "unsafe":
		p.types = types.Unsafe
	case l == nil:
		p.err = fmt.Errorf("package %s is not known", path)
	case l.Export != "" && !u.source:
		p.types, p.err = u.read(l)
	case len(l.GoFiles)+len(l.CgoFiles) == 0:
		p.err = fmt.Errorf("package %s cannot be loaded", path)
		if l.Error != nil {
			p.err = errors.New(l.Error.Err)
		}
	default:
		u.sources++
		go func() {
			defer close(p.ready)
			p.types = u.check(l)
		}()
		return p
	}
	close(p.ready)
	return p
}

// read reads a package's export data.
func (u *universe) read(l *listed) (*types.Package, error) {
	if p := u.exported[l.ImportPath]; p != nil && p.Complete() {
		return p, nil
	}
	p, err := u.decode(l)
	if err != nil && u.unreadable == nil {
		u.unreadable = err
	}
	return p, err
}

func (u *universe) decode(l *listed) (*types.Package, error) {
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
func (u *universe) check(l *listed) *types.Package {
	files := u.parse(l)
	needed := map[string]bool{}
	for _, f := range files {
		for _, imported := range u.uses(f, l) {
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
		Error:            func(error) {}, // what is missing shows where it is used
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

// placeholder stands for an import that no declaration refers to.
func (u *universe) placeholder(path string) *types.Package {
	name := "_"
	if l := u.listed[path]; l != nil && l.Name != "" {
		name = l.Name
	}
	p := types.NewPackage(path, name)
	p.MarkComplete()
	return p
}

// resolve is the package that an import path stands for in this one.
func (l *listed) resolve(path string) string {
	if mapped := l.ImportMap[path]; mapped != "" {
		return mapped
	}
	return path
}

func (l *listed) goVersion() string {
	if l.Module == nil || l.Module.GoVersion == "" {
		return ""
	}
	return "go" + l.Module.GoVersion
}

// parse parses what others can see of a package.
func (u *universe) parse(l *listed) []*ast.File {
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

// uses names the imports of a file that its declarations refer to.
func (u *universe) uses(f *ast.File, l *listed) []string {
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
