// Package load finds the packages that match patterns and type-checks the
// declarations of those in which something is annotated, and remembers what it
// takes to tell that nothing has changed.
package load

import (
	"context"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// A Package is one as its tests see it, or its external test package. What does
// not compile in it shows as missing types, not as an error. It has sources and
// types only if something in it is annotated or generated.
type Package struct {
	*packages.Package
	Sources []File           // by path, without the generator's own outputs
	Known   []*types.Package // nil if others can be found, else all that there are

	universe *universe // of what it imports
}

// A File is a source.
type File struct {
	Path      string
	Syntax    *ast.File
	Broken    error // of the parser
	Annotated bool  // where broken: something in it looks like a directive
}

// Find is a package that nothing here need import.
func (p *Package) Find(ctx context.Context, path string) (*types.Package, error) {
	return p.universe.find(ctx, path)
}

// Leads reports whether a package that was found imports another, itself or
// through others.
func (p *Package) Leads(from, to string) bool {
	return p.universe != nil && p.universe.leads(from, to)
}

// InWorkspace reports whether a go.work file decides which modules there are.
func (p *Package) InWorkspace() bool { return p.universe.cmd.env.workspace() != "" }

// NewInfo has room for all that the type checker says of a package's declarations.
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

func (f ImporterFunc) Import(path string) (*types.Package, error) { return f(path) }
