// Package load finds the packages that match patterns and type-checks the
// declarations of those that have directives. It keeps a cache, so that a later run
// can tell that nothing has changed.
package load

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"

	"github.com/resilgen/resilgen/annotations"
	"golang.org/x/tools/go/packages"
)

// A Package is a package with its tests, or an external test package. It has sources
// and types only if it has directives or outputs. Code that does not compile is no
// error: types are missing instead.
type Package struct {
	*packages.Package
	Sources []File           // sorted by path, without outputs of the generator
	Known   []*types.Package // all other packages that there are; nil if Find can load others

	importer *importer // has what it imports
}

// A File is a source.
type File struct {
	Path        string
	Syntax      *ast.File
	Directives  *annotations.File
	Diagnostics []annotations.Diagnostic // what is wrong in its directives
	Broken      error                    // why it was not parsed in full; nil for most
	Annotated   bool                     // if it is broken: it may hold a directive
}

// NewFile returns a source with its directives. It must have been parsed with comments.
func NewFile(fset *token.FileSet, path string, syntax *ast.File) File {
	f := File{Path: path, Syntax: syntax}
	f.Directives, f.Diagnostics = annotations.Read(fset, syntax)
	return f
}

// Find returns the package with an import path. It loads the package if nothing here
// imports it, and fails if there is none. It may be called by several goroutines.
func (p *Package) Find(ctx context.Context, path string) (*types.Package, error) {
	return p.importer.find(ctx, path)
}

// Leads reports whether a package that Find has returned imports another, directly or
// through others. It may be called by several goroutines.
func (p *Package) Leads(from, to string) bool {
	return p.importer != nil && p.importer.leads(from, to)
}

// SourceDir returns the folder with the sources of a package that this one imports,
// directly or through others, or that Find has returned. It is empty if that is not known.
// It may be called by several goroutines.
func (p *Package) SourceDir(path string) string {
	if p.importer == nil {
		return ""
	}
	finding.Lock()
	defer finding.Unlock()
	if l := p.importer.listed[path]; l != nil {
		return l.Dir
	}
	return ""
}

// InWorkspace reports whether a go.work file decides which modules there are.
func (p *Package) InWorkspace() bool { return p.importer.cmd.env.workspace() != "" }

// NewInfo returns an Info in which the type checker records all about the declarations
// of a package.
func NewInfo() *types.Info {
	return &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Instances:  map[*ast.Ident]types.Instance{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes:     map[ast.Node]*types.Scope{},
	}
}

// An ImporterFunc is a function as a types.Importer.
type ImporterFunc func(path string) (*types.Package, error)

// Import calls f.
func (f ImporterFunc) Import(path string) (*types.Package, error) { return f(path) }
