package load

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	xmodule "golang.org/x/mod/module"
	"golang.org/x/tools/go/packages"

	"github.com/resilgen/resilgen/generator/internal/output"
	"github.com/resilgen/resilgen/internal/directive"
)

// A candidate is a package that the patterns match, while it is being loaded.
type candidate struct {
	*Package
	listed   *listedPackage
	tested   *candidate        // the package that this one tests from outside; nil for others
	sources  map[string][]byte // by path
	digests  map[string]string // of the sources, by path
	outputs  []string          // its files that are outputs of the generator
	unlisted []string          // paths of files that go list does not tell
	relevant bool              // it has directives or outputs
}

func newCandidate(fset *token.FileSet, l *listedPackage, path string, names []string) *candidate {
	c := &candidate{listed: l, Package: &Package{Package: &packages.Package{
		ID: path, PkgPath: path, Name: l.Name, Dir: l.Dir, Fset: fset,
		Types: types.NewPackage(path, l.Name), TypesInfo: &types.Info{},
	}}}
	for _, name := range names {
		c.GoFiles = append(c.GoFiles, filepath.Join(l.Dir, name))
	}
	c.CompiledGoFiles = c.GoFiles
	return c
}

// read reads the sources and finds out whether the package is relevant.
func (c *candidate) read() error {
	c.sources, c.digests = map[string][]byte{}, map[string]string{}
	for _, name := range slices.Concat(c.GoFiles, c.unlisted) {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		c.sources[name], c.digests[name] = src, digestOf(src)
		if output.Is(src) {
			c.outputs = append(c.outputs, name)
		}
		c.relevant = c.relevant || directive.MayHold(src) || output.Is(src) || exists(output.Path(name))
	}
	return nil
}

// parse parses the sources; of outputs, the package clause only.
func (c *candidate) parse() error {
	slots <- struct{}{}
	defer func() { <-slots }()
	for _, name := range c.CompiledGoFiles {
		src := c.sources[name]
		if src == nil {
			var err error
			if src, err = os.ReadFile(name); err != nil {
				return err
			}
		}
		mode := parser.ParseComments | parser.SkipObjectResolution
		if output.Is(src) {
			mode |= parser.PackageClauseOnly
		}
		syntax, err := parser.ParseFile(c.Fset, name, src, mode)
		if syntax == nil {
			return err
		}
		c.Syntax = append(c.Syntax, syntax)
		if output.Is(src) {
			continue
		}
		f := NewFile(c.Fset, sourcePath(c.Package, syntax), syntax)
		if name := c.Syntax[0].Name.Name; err == nil && syntax.Name.Name != name {
			err = fmt.Errorf("it belongs to package %s, and other files in its folder to package %s", syntax.Name.Name, name)
		}
		if err != nil {
			f.Broken, f.Annotated = err, directive.MayHold(src)
		}
		c.Sources = append(c.Sources, f)
	}
	for _, name := range c.unlisted {
		if src := c.sources[name]; directive.MayHold(src) && !output.Is(src) {
			syntax, _ := parser.ParseFile(c.Fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
			err := fmt.Errorf("the go command leaves it out: %s", strings.TrimSpace(c.listed.Error.Err))
			f := NewFile(c.Fset, name, syntax)
			f.Broken, f.Annotated = err, true
			c.Sources = append(c.Sources, f)
		}
	}
	c.sources = nil
	slices.SortFunc(c.Sources, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// importPaths returns the paths that the packages import, or that from= names, sorted.
func importPaths(all []*candidate) []string {
	seen := map[string]bool{}
	for _, c := range all {
		add := func(path string) {
			if listable(path) && !(c.tested != nil && path == c.tested.PkgPath) {
				seen[path] = true
			}
		}
		for _, syntax := range c.Syntax {
			for _, imp := range syntax.Imports {
				if path, err := strconv.Unquote(imp.Path.Value); err == nil {
					add(path)
				}
			}
		}
		for _, f := range c.Sources {
			for _, i := range f.Directives.Interfaces {
				if i.Declaration == nil {
					continue
				}
				name, _, _ := strings.Cut(i.Declaration.From, "[")
				if i := strings.LastIndexByte(name, '.'); i >= 0 && strings.Contains(name[:i], "/") {
					add(name[:i])
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// listable reports whether go list takes a path for that of a package. It ends with
// an error if a path is malformed.
func listable(path string) bool {
	switch path {
	case "C", "unsafe", "all", "cmd", "std", "tool", "work":
		return false
	}
	return xmodule.CheckImportPath(path) == nil
}

// check type-checks the declarations of the package.
func (c *candidate) check(u *importer) {
	if c.tested != nil {
		u = u.replacing(c.tested.PkgPath, c.tested.Types)
	}
	c.importer = u
	u.wait(importPaths([]*candidate{c}))
	slots <- struct{}{}
	defer func() { <-slots }()
	c.TypeErrors = nil
	c.TypesSizes = u.sizes
	c.TypesInfo = NewInfo()
	conf := types.Config{
		Importer:         u,
		Sizes:            u.sizes,
		GoVersion:        c.listed.goVersion(),
		IgnoreFuncBodies: true,
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok {
				c.TypeErrors = append(c.TypeErrors, e)
			}
		},
	}
	c.Types, _ = conf.Check(c.PkgPath, c.Fset, c.Syntax, c.TypesInfo)
	c.Name = c.Types.Name()
}

// sourcePath returns the file that syntax was written in. If that imports "C", another
// file was parsed, which cgo made of it.
func sourcePath(p *Package, syntax *ast.File) string {
	name := p.Fset.PositionFor(syntax.FileStart, false).Filename
	if !slices.Contains(p.GoFiles, name) {
		if original := p.Fset.Position(syntax.Package).Filename; filepath.IsAbs(original) {
			return original
		}
	}
	return name
}
