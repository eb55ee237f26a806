package model

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/gosrc"
)

// methodSet returns the methods of an interface in the order of the source. The methods
// of an embedded interface take its place, in that interface's order.
func methodSet(src *Source, spec *ast.TypeSpec, iface *types.Interface) []*Method {
	byName := map[string]*types.Func{}
	for fn := range iface.Methods() {
		byName[fn.Id()] = fn
	}
	var list []*Method
	add := func(fn *types.Func, element *ast.Field, pos token.Pos, through ast.Expr) {
		if byName[fn.Id()] == nil {
			return
		}
		delete(byName, fn.Id())
		sig := gosrc.Exposed(fn.Signature(), declaringPackage(src.Package.TypesInfo.TypeOf(through)), src.Package.Types)
		list = append(list, newMethod(fn, sig, element, pos, src.Package.Types))
	}
	syntax, ok := ast.Unparen(spec.Type).(*ast.InterfaceType)
	if !ok {
		for _, fn := range sourceOrder(iface) {
			add(fn, nil, spec.Pos(), spec.Type)
		}
		return list
	}
	own := map[string]*types.Func{}
	for fn := range iface.ExplicitMethods() {
		own[fn.Id()] = fn
	}
	for _, element := range syntax.Methods.List {
		for _, name := range element.Names {
			if fn := own[types.Id(src.Package.Types, name.Name)]; fn != nil {
				add(fn, element, name.Pos(), nil)
			}
		}
		if len(element.Names) == 0 {
			if embedded, ok := src.Package.TypesInfo.TypeOf(element.Type).Underlying().(*types.Interface); ok {
				for _, fn := range sourceOrder(embedded) {
					if own[fn.Id()] == nil {
						add(fn, element, element.Pos(), element.Type)
					}
				}
			}
		}
	}
	return list
}

// checkOverlap reports methods that come from several embedded interfaces with
// directives: only the directives of one could apply.
func (s *Source) checkOverlap(i *annotations.Interface) {
	syntax, ok := ast.Unparen(i.Spec.Type).(*ast.InterfaceType)
	if !ok {
		return
	}
	first := map[string]*ast.Field{}
	for _, element := range syntax.Methods.List {
		embedded, ok := s.Package.TypesInfo.TypeOf(element.Type).Underlying().(*types.Interface)
		if !ok || len(element.Names) > 0 || len(i.Elements[element]) == 0 {
			continue
		}
		for fn := range embedded.Methods() {
			if other := first[fn.Name()]; other != nil {
				s.Report(codeInterface, element.Pos(), "%s also comes from %s, which has directives of its own; move the directives for %s to %s, with methods=%s",
					fn.Name(), types.ExprString(other.Type), fn.Name(), i.Spec.Name.Name, fn.Name())
			}
			first[fn.Name()] = element
		}
	}
}

// sourceOrder returns the methods of an interface in the order of its source.
func sourceOrder(iface *types.Interface) []*types.Func {
	explicit := slices.Collect(iface.ExplicitMethods())
	slices.SortStableFunc(explicit, func(a, b *types.Func) int { return int(a.Pos() - b.Pos()) })
	for e := range iface.EmbeddedTypes() {
		if embedded, ok := e.Underlying().(*types.Interface); ok {
			explicit = append(explicit, sourceOrder(embedded)...)
		}
	}
	return explicit
}

// declaringPackage returns the package that declares a type or alias, or nil.
func declaringPackage(t types.Type) *types.Package {
	if declared, ok := t.(interface{ Obj() *types.TypeName }); ok {
		return declared.Obj().Pkg()
	}
	return nil
}

// newMethod returns a method of an interface in package from, without policy.
func newMethod(fn *types.Func, sig *types.Signature, element *ast.Field, pos token.Pos, from *types.Package) *Method {
	m := &Method{Func: fn, Signature: sig, Pos: pos, Context: indexOf(sig.Params(), isContext), Request: indexOf(sig.Params(), isRequest)}
	if n := sig.Results().Len(); n > 0 {
		m.ReturnsError = types.Identical(sig.Results().At(n-1).Type(), errorType)
	}
	m.ErrorPlace, m.maker = errorPlaceOf(sig)
	m.Unwritable = unwritable(fn, sig, from)
	m.Target = annotations.Target{Name: fn.Name(), Element: element, Guardable: m.HasContext() && m.TellsFailure() && m.Unwritable == ""}
	return m
}

// tooDeep says what is wrong with a method with a deep type.
var tooDeep = fmt.Sprintf("types are nested more than %d deep; declare a part of them as a type of its own", gosrc.MaxDepth)

// unwritable says why code in package from cannot declare a method with that signature;
// "" if it can.
func unwritable(fn *types.Func, sig *types.Signature, from *types.Package) string {
	if gosrc.IsDeep(sig) {
		return tooDeep
	}
	if !fn.Exported() && fn.Pkg().Path() != from.Path() {
		return "it is unexported in package " + fn.Pkg().Path()
	}
	if t := gosrc.Unwritable(sig, from); t != nil {
		return unnameable(t)
	}
	return ""
}

func unnameable(t types.Type) string {
	return fmt.Sprintf("the type %s cannot be named in this package", t)
}

// distinguish adds the package to the name of an unexported method of another package
// if the interface has two methods of that name. A directive for one must not reach
// the other.
func distinguish(methods []*Method) {
	count := map[string]int{}
	for _, m := range methods {
		count[m.Name]++
	}
	for _, m := range methods {
		if count[m.Name] > 1 && m.Unwritable != "" {
			m.Name = m.Func.Id()
		}
	}
}

// indexOf returns the index of the first variable of such a type, or -1.
func indexOf(vars *types.Tuple, is func(types.Type) bool) int {
	for i := range vars.Len() {
		if is(vars.At(i).Type()) {
			return i
		}
	}
	return -1
}

// isRequest reports whether t is *http.Request.
func isRequest(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(pointer.Elem(), "net/http", "Request")
}

func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }

// isNamed reports whether t is a type with that path and name. It does not compare the
// types themselves, because a package can be loaded more than once.
func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path && named.Obj().Name() == name
}
