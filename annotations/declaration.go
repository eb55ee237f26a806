package annotations

import (
	"go/ast"
	"go/token"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Declaration asks for an interface that is generated from the methods of
// another type.
type Declaration struct {
	Name string `key:"name,positional" help:"the interface's name"`
	From string `key:"from" help:"the type that has the methods: Client, s3.Client by an import of the file, import/path.Client, or Cache[string,int]; methods= says which of them, without it all that are exported"`

	directive Directive
}

// declaration reads the directives of a comment group that belongs to nothing
// and begins with an interface directive. The others are the interface's own.
func (r *reader) declaration(file *ast.File, group *ast.CommentGroup) *Interface {
	directives := r.found[group]
	if len(directives) == 0 || directives[0].Name != "interface" || !r.stands(file, group) {
		return nil
	}
	first, directives := directives[0], r.take(group)[1:]
	for _, d := range directives {
		if d.Name == first.Name {
			r.add(d.Pos, codeRepeated, "a comment group makes one interface: leave a blank line above this one")
		}
	}
	directives = slices.DeleteFunc(directives, func(d Directive) bool { return d.Name == first.Name })
	r.onInterface(directives)

	var lang Language
	set, _ := directive.Refine(&lang, first.Name, first.Words)
	d := lang.Interface
	name, named := set["interface.name"]
	_, from := set["interface.from"]
	switch {
	case first.faulty:
		return nil
	case first.off():
		r.add(first.Pos, codeLevel, "interface cannot be turned off: remove the group")
		return nil
	case !named:
		r.add(first.Pos, codeDeclaration, "the interface has no name: write one behind the word interface, as in //%s:interface Objects from=s3.Client", tool)
		return nil
	case !token.IsIdentifier(d.Name) || d.Name == "_":
		r.add(first.value(name), codeName, "name: %q cannot be a type's name: write a Go identifier", d.Name)
		return nil
	case !from:
		r.add(first.Pos, codeDeclaration, "interface does not say whose methods %s is to have: write from= and a type, as in from=s3.Client", d.Name)
		return nil
	}
	d.directive = first
	return &Interface{
		Spec:        &ast.TypeSpec{Name: &ast.Ident{NamePos: first.Pos, Name: d.Name}, Type: &ast.InterfaceType{Methods: &ast.FieldList{}}},
		Declaration: d,
		Directives:  directives,
	}
}

// Pos is where the directive stands.
func (d *Declaration) Pos() token.Pos { return d.directive.Pos }

// FromPos is where the value of from= stands.
func (d *Declaration) FromPos() token.Pos {
	w, _ := d.directive.key("from")
	return d.directive.value(w)
}

// NamePos is where the interface's name stands.
func (d *Declaration) NamePos() token.Pos {
	for _, w := range d.directive.Words {
		if w.Key == "" || w.Key == "name" {
			return d.directive.value(w)
		}
	}
	return d.Pos()
}

// Choose returns those of a type's methods that the interface is to have, and
// what is wrong with methods=. Unexported ones must be asked for, by name or by
// a glob that begins in lower case.
func (d *Declaration) Choose(fset *token.FileSet, names []string) ([]string, []Diagnostic) {
	exported := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !ast.IsExported(name) })
	w, ok := d.directive.key("methods")
	if !ok {
		return exported, nil
	}
	r := report{fset: fset}
	var chosen []string
	for _, g := range globs(w) {
		offered := exported
		if first, _ := utf8.DecodeRuneInString(g.pattern); unicode.IsLower(first) || first == '_' {
			offered = names
		}
		matches, wrong := g.match(offered)
		if wrong != "" {
			r.add(d.directive.Args+token.Pos(g.at), codeGlob, "%s", wrong)
		}
		chosen = append(chosen, matches...)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), r.diagnostics
}

// Names tells where methods= names a method, if it does so otherwise than by a
// glob.
func (d *Declaration) Names(method string) (token.Pos, bool) {
	w, _ := d.directive.key("methods")
	for _, g := range globs(w) {
		if g.pattern == method {
			return d.directive.Args + token.Pos(g.at), true
		}
	}
	return token.NoPos, false
}

// Froms lists what the interface directives of a file say to be made from.
func Froms(file *ast.File) (froms []string) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			line, ok := ast.ParseDirective(c.Slash, c.Text)
			if !ok || line.Tool != tool || line.Name != "interface" {
				continue
			}
			words, _ := directive.Words(line.Args)
			for _, w := range words {
				if w.Key == "from" {
					froms = append(froms, w.Value)
				}
			}
		}
	}
	return froms
}
