package annotations

import (
	"go/ast"
	"go/token"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A Declaration is an interface directive: it asks for an interface that is
// generated from the methods of another type.
type Declaration struct {
	Name string // of the interface
	From string // the type that has the methods, as the directive names it

	directive Directive
}

// declaration returns the interface that a comment group declares. The group must
// belong to nothing and begin with an interface directive; its other directives are
// the interface's own. For another group, and for one with a mistake, declaration
// returns nil.
func (r *reader) declaration(file *ast.File, group *ast.CommentGroup) *Interface {
	directives := r.unattached[group]
	if len(directives) == 0 || directives[0].Name != "interface" || !r.isDetached(file, group) {
		return nil
	}
	first, directives := directives[0], r.take(group)[1:]
	for _, d := range directives {
		if d.Name == first.Name {
			r.add(d.Pos, codeRepeated, "a comment group can declare only one interface: put a blank line above this directive")
		}
	}
	directives = slices.DeleteFunc(directives, func(d Directive) bool { return d.Name == first.Name })
	r.checkInterface(directives)

	name, named := first.fields["interface.name"]
	from, ok := first.fields["interface.from"]
	switch {
	case first.faulty:
		return nil
	case first.isOff():
		r.add(first.Pos, codeLevel, "interface cannot be turned off: remove the group")
		return nil
	case !named:
		r.add(first.Pos, codeDeclaration, "the interface has no name: write one after interface, as in //resil:interface Objects from=s3.Client")
		return nil
	case !isTypeName(name.Value):
		r.add(first.valuePos(name), codeName, badTypeName, name.Value)
		return nil
	case !ok:
		r.add(first.Pos, codeDeclaration, "interface does not say which type has the methods of %s: write from= and a type, as in from=s3.Client", name.Value)
		return nil
	}
	return &Interface{
		Spec:        &ast.TypeSpec{Name: &ast.Ident{NamePos: first.Pos, Name: name.Value}, Type: &ast.InterfaceType{Methods: &ast.FieldList{}}},
		Declaration: &Declaration{name.Value, from.Value, first},
		Directives:  directives,
	}
}

// Pos returns the position of the directive.
func (d *Declaration) Pos() token.Pos { return d.directive.Pos }

// FromPos returns the position of the value of from=.
func (d *Declaration) FromPos() token.Pos {
	return d.directive.valuePos(d.directive.fields["interface.from"])
}

// NamePos returns the position of the interface's name.
func (d *Declaration) NamePos() token.Pos {
	return d.directive.valuePos(d.directive.fields["interface.name"])
}

// Choose returns those of a type's methods that methods= chooses for the interface,
// sorted, and what is wrong with methods=. Without methods= it returns the exported
// ones, in the order of names. A pattern matches unexported methods only if it
// begins in lower case.
func (d *Declaration) Choose(fset *token.FileSet, names []string) ([]string, []Diagnostic) {
	exported := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !ast.IsExported(name) })
	w, ok := d.directive.key("methods")
	if !ok {
		return exported, nil
	}
	r := report{fset: fset}
	var chosen []string
	for _, g := range globs(w) {
		candidates := exported
		if first, _ := utf8.DecodeRuneInString(g.pattern); unicode.IsLower(first) || first == '_' {
			candidates = names
		}
		matches, message := g.match(candidates)
		if message != "" {
			r.add(d.directive.Args+token.Pos(g.offset), codeGlob, "%s", message)
		}
		chosen = append(chosen, matches...)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), r.diagnostics
}

// MethodPos returns the position where methods= names the method. It returns false
// if methods= does not, or only matches the method by a pattern.
func (d *Declaration) MethodPos(method string) (token.Pos, bool) {
	w, _ := d.directive.key("methods")
	for _, g := range globs(w) {
		if g.pattern == method {
			return d.directive.Args + token.Pos(g.offset), true
		}
	}
	return token.NoPos, false
}
