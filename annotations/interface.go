package annotations

import (
	"go/ast"
	"go/token"
	"slices"
	"unicode"
	"unicode/utf8"
)

// An Interface is a type with directives of its own, on its methods or on the
// interfaces that it embeds.
type Interface struct {
	// Spec declares the type. If it names another type, as in
	// type Store io.ReadCloser, only its type tells whether it is an interface.
	Spec *ast.TypeSpec
	// Declaration is nil if the interface stands in the source. Otherwise Spec has
	// only the interface's name and the position of the directive.
	Declaration *Declaration
	Directives  []Directive                // on the interface itself
	Elements    map[*ast.Field][]Directive // on a method or an embedded interface

	profiles map[string]*profile // of the package
	inTest   bool                // it stands in a test file
}

// interfaces reads the interfaces of a type declaration.
func (r *reader) interfaces(decl *ast.GenDecl) (interfaces []*Interface) {
	for _, spec := range decl.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok || otherKind(spec.Type) != "" {
			continue
		}
		i := &Interface{Spec: spec, Elements: map[*ast.Field][]Directive{}}
		if len(decl.Specs) == 1 {
			i.Directives = r.take(decl.Doc)
		}
		i.Directives = append(i.Directives, r.take(spec.Doc)...)
		r.checkInterface(i.Directives)
		if literal, ok := ast.Unparen(spec.Type).(*ast.InterfaceType); ok && literal.Methods != nil {
			for _, element := range literal.Methods.List {
				if isTypeSet(element) {
					continue
				}
				if directives := r.take(element.Doc); directives != nil {
					i.Elements[element] = directives
					r.checkElement(directives, len(element.Names) > 0)
				}
			}
		}
		if len(i.Directives) > 0 || len(i.Elements) > 0 {
			interfaces = append(interfaces, i)
		}
	}
	return interfaces
}

// otherKind returns the kind of a type that is certainly no interface, such as "a
// struct". It is empty for a type that may be one.
func otherKind(typ ast.Expr) string {
	switch typ := ast.Unparen(typ).(type) {
	case *ast.StructType:
		return "a struct"
	case *ast.FuncType:
		return "a function type"
	case *ast.MapType:
		return "a map"
	case *ast.ChanType:
		return "a channel"
	case *ast.StarExpr:
		return "a pointer"
	case *ast.ArrayType:
		if typ.Len == nil {
			return "a slice"
		}
		return "an array"
	}
	return ""
}

// isTypeSet reports whether an element of an interface is a union or ~T. An
// interface with such an element is a constraint.
func isTypeSet(element *ast.Field) bool {
	switch element.Type.(type) {
	case *ast.BinaryExpr, *ast.UnaryExpr:
		return true
	}
	return false
}

// WrapperName returns the name of the interface's wrapper: the name in its wrap
// directive, or Resilient<Interface>.
func (i *Interface) WrapperName() string {
	var name string
	for _, d := range i.Directives {
		if d.Name != "wrap" {
			continue
		}
		if w, ok := d.fields["wrap.name"]; ok || d.isOff() {
			name = w.Value
		}
	}
	if name != "" {
		return name
	}
	name = i.Spec.Name.Name
	if ast.IsExported(name) {
		return "Resilient" + name
	}
	first, size := utf8.DecodeRuneInString(name)
	return "resilient" + string(unicode.ToUpper(first)) + name[size:]
}

// Faulty reports whether a directive of the interface, or of a profile that it
// uses, could not be read. Other directives may then only seem to have no effect.
func (i *Interface) Faulty() bool {
	faulty := func(d Directive) bool {
		if d.Name == "use" {
			p := i.profiles[d.profileName().Value]
			return d.faulty || p == nil || p.faulty
		}
		return d.faulty
	}
	for _, directives := range i.Elements {
		if slices.ContainsFunc(directives, faulty) {
			return true
		}
	}
	return slices.ContainsFunc(i.Directives, faulty)
}

// isTypeName reports whether name can be the name of a type.
func isTypeName(name string) bool { return token.IsIdentifier(name) && name != "_" }
