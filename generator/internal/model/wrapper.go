package model

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/internal/directive"
	resil "github.com/resilgen/resilgen/runtime"
)

// addWrapper adds the wrapper of an interface to src. It adds none if the interface
// cannot be wrapped, which it reports.
func (m *Package) addWrapper(src *Source, i *annotations.Interface) {
	derived := m.derivedOf(i)
	if i.Declaration != nil && derived == nil {
		return // it is reported already
	}
	obj, iface := m.interfaceOf(src, i)
	if iface == nil {
		return
	}
	src.checkOverlap(i)
	w := &Wrapper{Spec: i.Spec, Directives: i, Interface: obj, Derived: derived}
	if derived != nil {
		w.Methods = derived.list()
	} else {
		w.Methods = methodSet(src, i.Spec, iface)
		for _, method := range w.Methods {
			method.Doc = m.document(method)
		}
	}
	w.Embeds = slices.ContainsFunc(w.Methods, func(m *Method) bool { return m.Unwritable != "" })
	if src.unresolvedMethods(w) {
		return
	}
	distinguish(w.Methods)
	targets := make([]annotations.Target, len(w.Methods))
	for k, method := range w.Methods {
		targets[k] = method.Target
	}
	resolved, diagnostics := i.Resolve(m.pkg.Fset, targets)
	src.Diagnostics = append(src.Diagnostics, diagnostics...)
	for k := range w.Methods {
		w.Methods[k].Resolved = resolved[k]
	}
	w.settleBudgets()
	for _, method := range w.Methods {
		src.settleHeld(w, method)
		method.settleForm()
	}
	w.Name = i.WrapperName()
	w.Constructor = "New" + gosrc.Capitalize(w.Name)
	if !token.IsExported(w.Name) {
		w.Constructor = "new" + gosrc.Capitalize(w.Name)
	}
	w.OwnMethods = src.methodsOn(w.Name)
	m.resolveFunctions(src, w)
	m.resolveKeys(src, w)
	m.resolveTokens(src, w)
	m.applyRecipes(w)
	c := checker{Source: src, w: w, waived: map[token.Pos]bool{}}
	c.check()
	m.addNotes(src, w)
	src.Wrappers = append(src.Wrappers, w)
}

// interfaceOf returns the interface that is to be wrapped. It returns nil for one that
// cannot be wrapped, which it reports.
func (m *Package) interfaceOf(src *Source, i *annotations.Interface) (*types.TypeName, *types.Interface) {
	refuse := func(format string, args ...any) (*types.TypeName, *types.Interface) {
		src.Report(codeInterface, i.Spec.Pos(), format, args...)
		return nil, nil
	}
	name := i.Spec.Name.Name
	obj, _ := m.pkg.TypesInfo.Defs[i.Spec.Name].(*types.TypeName)
	switch {
	case name == "_":
		return refuse("an interface called _ cannot be wrapped, because no code can refer to it; give it a name")
	case obj == nil || obj.Parent() != m.pkg.Types.Scope():
		if errors := src.appendErrors(nil, i.Spec); len(errors) > 0 { // it is declared twice
			src.Diagnostics = append(src.Diagnostics, errors...)
			return nil, nil
		}
		return refuse("%s cannot be wrapped: it is declared in a function, where generated code cannot refer to it; declare it outside all functions", name)
	}
	if unresolved := src.unresolved(i.Spec, obj); len(unresolved) > 0 {
		src.Diagnostics = append(src.Diagnostics, unresolved...)
		return nil, nil
	}
	iface, ok := obj.Type().Underlying().(*types.Interface)
	switch {
	case !ok:
		return refuse("%s cannot be wrapped: it is %s, not an interface", name, gosrc.Article(types.Unalias(obj.Type())))
	case !iface.IsMethodSet():
		return refuse("%s cannot be wrapped: it is a constraint, which no value has as its type; write an interface that has methods only", name)
	case iface.NumMethods() == 0:
		return refuse("%s has no methods to guard; add one, or remove the directives", name)
	}
	for fn := range iface.Methods() {
		if gosrc.IsDeep(fn.Signature()) {
			return refuse("%s cannot be wrapped: in %s, %s", name, fn.Name(), tooDeep)
		}
	}
	return obj, iface
}

// methodsOn returns the methods that the package itself declares on a type, which may be
// generated: it finds them by name.
func (s *Source) methodsOn(name string) map[string]token.Pos {
	found := map[string]token.Pos{}
	for _, file := range s.Package.Syntax {
		for _, decl := range file.Decls {
			decl, ok := decl.(*ast.FuncDecl)
			if !ok || decl.Recv == nil {
				continue
			}
			base := load.Receiver(decl)
			for seen := 0; base != name && seen < 10; seen++ { // aliases of aliases; more are an error of Go's
				alias := s.declaration(ast.NewIdent(base))
				if alias == nil || !alias.Assign.IsValid() {
					break
				}
				base = types.ExprString(ast.Unparen(alias.Type))
			}
			if base == name {
				found[decl.Name.Name] = decl.Name.Pos()
			}
		}
	}
	return found
}

// Variant returns src with nothing but a wrapper of the interface that w wraps, as other
// directives make it. It has diagnostics if the directives are wrong, and then perhaps
// no wrapper. Functions to generate that w has too get the same names.
func (m *Package) Variant(src *Source, w *Wrapper, directives *annotations.Interface) *Source {
	variant := src.Only()
	m.addWrapper(variant, directives)
	variant.nameAs(src)
	for _, other := range variant.Wrappers {
		other.EmbeddedAs = w.EmbeddedAs
		for _, c := range other.Classifiers {
			for _, same := range append([]*Wrapper{w}, src.Wrappers...) {
				if k := slices.IndexFunc(same.Classifiers, func(same *Classifier) bool { return same.key == c.key }); c.Name == "" && k >= 0 {
					c.Name = same.Classifiers[k].Name
				}
			}
		}
	}
	return variant
}

// settleBudgets gives hedges without a retry the client's retry budget, and removes
// retries with one attempt, which repeat nothing.
func (w *Wrapper) settleBudgets() {
	budget := defaultBudget()
	for _, m := range w.Methods {
		if r := m.Policy.Retry; r != nil && r.Budget > 0 {
			budget = r.Budget // all methods have the same
		}
	}
	for _, m := range w.Methods {
		r := m.Policy.Retry
		if r == nil {
			m.HedgeBudget = budget
		} else if r.Attempts == 1 {
			m.HedgeBudget, m.Policy.Retry = r.Budget, nil
		}
	}
}

// defaultBudget returns the retry budget of a client for which no directive says another.
func defaultBudget() resil.Ratio {
	var p annotations.Policy
	directive.Refine(&p, "retry", nil)
	return p.Retry.Budget
}
