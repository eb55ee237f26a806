// Package gosrc knows how generated code refers to packages, types and other names: which
// of them it can name, what it calls them, and how it writes a type.
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
	"github.com/resilgen/resilgen/generator/internal/output"
)

// RuntimePath is the import path of the package that generated code calls.
const RuntimePath = output.Module + "/runtime"

// Names chooses the identifiers of one output file: the names of imports and of type
// parameters. It also records which identifiers code refers to, because a function must
// not give one of those to a variable of its own. It is not for concurrent use.
type Names struct {
	pkg          *types.Package
	taken        map[string]bool   // names of the package, of type parameters and of imports
	aliases      map[string]string // names that the source gives to imports, by path
	imports      map[string]string // names that the output gives to imports, by path
	packageNames map[string]string // names of the imported packages themselves, by path
	used         map[string]bool   // identifiers that code has referred to, since Record began
	params       map[*types.TypeParam]string
}

// NewNames returns the names of an output in package pkg. The output belongs to a source
// file, whose names for imports it uses. It declares the names in declared, and its
// declarations have the type parameters in params.
func NewNames(pkg *types.Package, source *ast.File, declared []string, params []*types.TypeParamList) *Names {
	n := &Names{
		pkg:          pkg,
		taken:        map[string]bool{"init": true}, // no import can have that name
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

// typeParameters names type parameters as the source does, unless the name is blank or
// hides something that generated code may refer to.
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

// Import imports a package, unless that is done, and returns its name in the output. P is
// its import path and name its own name.
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

// Qualified returns code that refers to a package-level name. A nil package is Go's own.
func (n *Names) Qualified(pkg *types.Package, name string) string {
	if pkg == nil || pkg.Path() == n.pkg.Path() {
		return n.Use(name)
	}
	return n.Import(pkg.Path(), pkg.Name()) + "." + name
}

// Runtime returns code that refers to a name of the runtime.
func (n *Names) Runtime(name string) string { return n.Import(RuntimePath, "resil") + "." + name }

// Use returns code that refers to a name of the output's own package or of Go.
func (n *Names) Use(name string) string {
	n.used[name] = true
	return name
}

// TypeParam returns the name of a type parameter in the output.
func (n *Names) TypeParam(p *types.TypeParam) string {
	n.used[n.params[p]] = true
	return n.params[p]
}

// Record runs f and returns the identifiers that code made in f refers to. A variable that
// is declared beside that code must have another name.
func (n *Names) Record(f func()) map[string]bool {
	before := n.used
	n.used = map[string]bool{}
	f()
	during := n.used
	n.used = before
	return during
}

// Unused returns the first candidate that is not taken. If all are, it returns the first
// candidate with a number after it. Keywords and Go's own names count as taken.
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

// ImportDecl returns the import declaration of the output: the standard library first, then
// other packages.
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

// baseName returns the package name that an import path suggests to a reader.
func baseName(p string) string {
	base := path.Base(p)
	if majorVersion.MatchString(base) && path.Dir(p) != "." {
		base = path.Base(path.Dir(p))
	}
	return base
}
