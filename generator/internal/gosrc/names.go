// Package gosrc knows how generated code refers to things: what they are called, which
// of them can be named there, and how a type is written.
package gosrc

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"
)

// runtimePath is the package that generated code calls.
const RuntimePath = "github.com/resilgen/resilgen/runtime"

// Names gives out the identifiers of one output file: what imports are called,
// and which names a function must not use for its own variables.
type Names struct {
	pkg          *types.Package
	taken        map[string]bool   // by the package, by type parameters, by imports
	aliases      map[string]string // how the source calls its imports, by path
	imports      map[string]string // how the output calls them, by path
	packageNames map[string]string // the names of the packages themselves, by path
	used         map[string]bool   // identifiers written since the last [names.record]
	params       map[*types.TypeParam]string
}

// NewNames makes the names of an output: of a package, beside a source, with what
// the output declares and the type parameters of that.
func NewNames(pkg *types.Package, source *ast.File, declared []string, params []*types.TypeParamList) *Names {
	n := &Names{
		pkg:          pkg,
		taken:        map[string]bool{"init": true}, // which no import may be called
		aliases:      map[string]string{},
		imports:      map[string]string{},
		packageNames: map[string]string{},
		used:         map[string]bool{},
		params:       map[*types.TypeParam]string{},
	}
	for _, name := range slices.Concat(n.pkg.Scope().Names(), declared) {
		n.taken[name] = true
	}
	n.typeParameters(params)
	for _, imp := range source.Imports {
		if imp.Name != nil && imp.Name.Name != "." && imp.Name.Name != "_" {
			if p, err := strconv.Unquote(imp.Path.Value); err == nil {
				n.aliases[p] = imp.Name.Name
			}
		}
	}
	return n
}

// typeParameters names type parameters as the source does, except where that
// would hide what generated code may refer to, or is blank.
func (n *Names) typeParameters(lists []*types.TypeParamList) {
	hides := maps.Clone(n.taken)
	hides["_"] = true
	for _, name := range types.Universe.Names() {
		hides[name] = true
	}
	var renamed []*types.TypeParam
	for _, list := range lists {
		for p := range list.TypeParams() {
			if name := p.Obj().Name(); hides[name] {
				renamed = append(renamed, p)
			} else {
				n.params[p], n.taken[name] = name, true
			}
		}
	}
	for _, p := range renamed {
		name := Capitalize(p.Obj().Name())
		if name == "_" {
			name = "T"
		}
		n.params[p] = Unused(n.taken, name)
		n.taken[n.params[p]] = true
	}
}

// Import is the name by which the output refers to a package. The first use
// imports it.
func (n *Names) Import(p, name string) string {
	if local, ok := n.imports[p]; ok {
		n.used[local] = true
		return local
	}
	candidates := []string{name}
	if p == RuntimePath {
		candidates = []string{"resil", "runtime"}
	} else if alias := n.aliases[p]; alias != "" {
		candidates = []string{alias, name}
	}
	if parent := path.Base(path.Dir(p)); token.IsIdentifier(parent) {
		candidates = append(candidates, parent+name)
	}
	local := Unused(n.taken, candidates...)
	n.taken[local], n.used[local] = true, true
	n.imports[p], n.packageNames[p] = local, name
	return local
}

// Qualified refers to a package's name from the output.
func (n *Names) Qualified(pkg *types.Package, name string) *jen.Statement {
	if pkg == nil || pkg.Path() == n.pkg.Path() {
		return n.Use(name)
	}
	return jen.Id(n.Import(pkg.Path(), pkg.Name())).Dot(name)
}

// Runtime refers to a name of the runtime.
func (n *Names) Runtime(name string) *jen.Statement {
	return jen.Id(n.Import(RuntimePath, "resil")).Dot(name)
}

// Use refers to an identifier of the output's own package or of Go.
func (n *Names) Use(name string) *jen.Statement {
	n.used[name] = true
	return jen.Id(name)
}

// TypeParam is what a type parameter is called.
func (n *Names) TypeParam(p *types.TypeParam) string {
	n.used[n.params[p]] = true
	return n.params[p]
}

// Record runs f and returns the identifiers that the code built in it refers
// to, which a local variable beside that code must not hide.
func (n *Names) Record(f func()) map[string]bool {
	before := n.used
	n.used = map[string]bool{}
	f()
	during := n.used
	n.used = before
	return during
}

// Unused returns the first candidate that is not taken and, if all are, the first
// one with a number after it.
func Unused(taken map[string]bool, candidates ...string) string {
	free := func(name string) bool {
		return !taken[name] && token.IsIdentifier(name) && types.Universe.Lookup(name) == nil
	}
	for _, c := range candidates {
		if free(c) {
			return c
		}
	}
	for i := 2; ; i++ {
		if name := candidates[0] + strconv.Itoa(i); free(name) {
			return name
		}
	}
}

// ImportDecl imports what was used: the standard library first, then the rest.
func (n *Names) ImportDecl() *jen.Statement {
	var std, others []string
	for p := range n.imports {
		if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
			others = append(others, p)
		} else {
			std = append(std, p)
		}
	}
	var specs []jen.Code
	add := func(paths []string) {
		slices.SortFunc(paths, cmp.Compare)
		for _, p := range paths {
			spec := jen.Lit(p)
			if n.imports[p] != n.packageNames[p] || n.packageNames[p] != baseName(p) {
				spec = jen.Id(n.imports[p]).Lit(p)
			}
			specs = append(specs, spec)
		}
	}
	add(std)
	if len(std) > 0 && len(others) > 0 {
		specs = append(specs, jen.Empty())
	}
	add(others)
	return jen.Custom(jen.Options{Open: "import (", Close: ")", Separator: "", Multi: true}, specs...)
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// baseName is the package name that an import path suggests to a reader.
func baseName(p string) string {
	base := path.Base(p)
	if majorVersion.MatchString(base) && path.Dir(p) != "." {
		base = path.Base(path.Dir(p))
	}
	return base
}
