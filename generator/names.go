package generator

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
const runtimePath = "github.com/resilgen/resilgen/runtime"

// names gives out the identifiers of one output file: what imports are called,
// and which names a function must not use for its own variables.
type names struct {
	pkg     *types.Package
	taken   map[string]bool   // by the package, by type parameters, by imports
	aliases map[string]string // how the source calls its imports, by path
	imports map[string]string // how the output calls them, by path
	real    map[string]string // the names of the packages themselves, by path
	used    map[string]bool   // identifiers written since the last [names.record]
	params  map[*types.TypeParam]string
}

// newNames makes the names of an output: of a package, beside a source, with what
// the output declares and the type parameters of that.
func newNames(pkg *types.Package, source *ast.File, declared []string, params []*types.TypeParamList) *names {
	n := &names{
		pkg:     pkg,
		taken:   map[string]bool{"init": true}, // which no import may be called
		aliases: map[string]string{},
		imports: map[string]string{},
		real:    map[string]string{},
		used:    map[string]bool{},
		params:  map[*types.TypeParam]string{},
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
func (n *names) typeParameters(lists []*types.TypeParamList) {
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
		name := raised(p.Obj().Name())
		if name == "_" {
			name = "T"
		}
		n.params[p] = fresh(n.taken, name)
		n.taken[n.params[p]] = true
	}
}

// imported is the name by which the output refers to a package. The first use
// imports it.
func (n *names) imported(p, name string) string {
	if local, ok := n.imports[p]; ok {
		n.used[local] = true
		return local
	}
	candidates := []string{name}
	if p == runtimePath {
		candidates = []string{"resil", "runtime"}
	} else if alias := n.aliases[p]; alias != "" {
		candidates = []string{alias, name}
	}
	if parent := path.Base(path.Dir(p)); token.IsIdentifier(parent) {
		candidates = append(candidates, parent+name)
	}
	local := fresh(n.taken, candidates...)
	n.taken[local], n.used[local] = true, true
	n.imports[p], n.real[p] = local, name
	return local
}

// qualified refers to a package's name from the output.
func (n *names) qualified(pkg *types.Package, name string) *jen.Statement {
	if pkg == nil || pkg.Path() == n.pkg.Path() {
		return n.use(name)
	}
	return jen.Id(n.imported(pkg.Path(), pkg.Name())).Dot(name)
}

// resil refers to a name of the runtime.
func (n *names) resil(name string) *jen.Statement {
	return jen.Id(n.imported(runtimePath, "resil")).Dot(name)
}

// use refers to an identifier of the output's own package or of Go.
func (n *names) use(name string) *jen.Statement {
	n.used[name] = true
	return jen.Id(name)
}

// typeParam is what a type parameter is called.
func (n *names) typeParam(p *types.TypeParam) string {
	n.used[n.params[p]] = true
	return n.params[p]
}

// record runs f and returns the identifiers that the code built in it refers
// to, which a local variable beside that code must not hide.
func (n *names) record(f func()) map[string]bool {
	before := n.used
	n.used = map[string]bool{}
	f()
	during := n.used
	n.used = before
	return during
}

// fresh returns the first candidate that is not taken and, if all are, the first
// one with a number after it.
func fresh(taken map[string]bool, candidates ...string) string {
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

// importDecl imports what was used: the standard library first, then the rest.
func (n *names) importDecl() *jen.Statement {
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
			if n.imports[p] != n.real[p] || n.real[p] != baseName(p) {
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
