package model

import (
	"context"
	"go/parser"
	"go/token"
	"go/types"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/output"
	"github.com/resilgen/resilgen/internal/directive"
)

// A Package is a package whose directives are resolved and checked.
type Package struct {
	Sources []*Source // sorted by path

	ctx        context.Context
	pkg        *load.Package
	loaded     map[string]*types.Package // packages that directives name and nothing imports, by path; nil where there is none
	loadErrors map[string]error          // why one of them cannot be loaded, by path
	incomplete bool                      // a package that directives name cannot be loaded here

	ownScope  *types.Scope // the package's, without what is generated
	stubbed   bool         // the package has stubs
	derived   []*Derived
	generated map[string]*generated // packages of the run that are built already, by path
	docs      docs
}

// Build resolves and checks the directives of one package. What is wrong is in the
// diagnostics of its sources. Packages that directives name are not found any more
// when ctx has ended.
func Build(ctx context.Context, pkg *load.Package) *Package {
	m := &Package{ctx: ctx, pkg: pkg, generated: map[string]*generated{}}
	m.build()
	return m
}

// BuildAll builds packages as [Build] does, each after those that it imports, and
// yields each when it is built.
func BuildAll(ctx context.Context, pkgs []*load.Package) iter.Seq[*Package] {
	return func(yield func(*Package) bool) {
		shared := map[string]*generated{}
		for _, p := range importsFirst(pkgs) {
			m := &Package{ctx: ctx, pkg: p, generated: shared}
			m.build()
			if !yield(m) {
				return
			}
		}
	}
}

// importsFirst sorts packages so that each stands after those that it imports.
func importsFirst(pkgs []*load.Package) (sorted []*load.Package) {
	byPath := map[string]*load.Package{}
	for _, p := range pkgs {
		byPath[p.PkgPath] = p
	}
	seen := map[*load.Package]bool{nil: true}
	var add func(*load.Package)
	add = func(p *load.Package) {
		if seen[p] {
			return
		}
		seen[p] = true
		if p.Types != nil {
			for _, imported := range p.Types.Imports() {
				add(byPath[imported.Path()])
			}
		}
		sorted = append(sorted, p)
	}
	for _, p := range pkgs {
		add(p)
	}
	return sorted
}

func (m *Package) build() {
	var read []*annotations.File // of each source
	for _, f := range m.pkg.Sources {
		if f.Broken != nil && !f.Annotated {
			continue
		}
		src := &Source{Package: m.pkg, Path: f.Path, Output: output.Path(f.Path), Syntax: f.Syntax}
		if f.Broken != nil {
			src.reportBroken(f.Broken) // its interfaces may be incomplete
		} else {
			src.Interfaces, src.Diagnostics = f.Directives.Interfaces, f.Diagnostics
		}
		m.Sources = append(m.Sources, src)
		read = append(read, f.Directives)
	}
	for k, diagnostics := range annotations.Link(m.pkg.Fset, read, m.leftOut(read)...) {
		m.Sources[k].Diagnostics = append(m.Sources[k].Diagnostics, diagnostics...)
	}
	m.declare()
	for _, src := range m.Sources {
		for _, i := range src.Interfaces {
			m.addWrapper(src, i)
		}
		src.noteIncomplete(m)
		if len(src.Wrappers) > 0 {
			src.Constraint = buildConstraint(src)
		}
	}
	m.checkNames()
	m.nameGenerated()
	m.nameKeepers()
	m.announce()
}

// leftOut reads the files of the package that this build leaves out: one of them may
// be the only one that uses a profile. It does not read files that every build leaves
// out.
func (m *Package) leftOut(read []*annotations.File) (others []*annotations.File) {
	if !slices.ContainsFunc(read, (*annotations.File).HasProfiles) {
		return nil
	}
	folder := filepath.Dir(m.Sources[0].Path)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if filepath.Ext(name) != ".go" || name[0] == '_' || name[0] == '.' || slices.ContainsFunc(m.Sources, func(src *Source) bool { return src.Path == path }) {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil || !directive.MayHold(src) {
			continue
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil && syntax.Name.Name == m.pkg.Name {
			found, _ := annotations.Read(fset, syntax)
			others = append(others, found)
		}
	}
	return others
}

// noteIncomplete marks the source as incomplete if a package was missing since the last
// call.
func (s *Source) noteIncomplete(m *Package) {
	s.Incomplete = s.Incomplete || m.incomplete
	m.incomplete = false
}
