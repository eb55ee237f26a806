package annotations

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Read finds what the directives of a file say and everything wrong with them
// that can be seen without types and other files, sorted. The file must have been
// parsed with its comments.
func Read(fset *token.FileSet, file *ast.File) (*File, []Diagnostic) {
	r := reader{report: report{fset: fset}, found: map[*ast.CommentGroup][]Directive{}}
	read := &File{test: isTest(fset, file)}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if d, ok := parse(&r.report, c); ok {
				r.found[group] = append(r.found[group], d)
				if d.Name == "use" {
					read.uses = append(read.uses, d.name().Value)
				}
			} else if !isOutput(group) {
				nearMiss(&r.report, c)
			}
		}
	}
	if len(r.found) > 0 {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				read.Interfaces = append(read.Interfaces, r.types(decl)...)
			}
		}
		for _, group := range file.Comments {
			if i := r.declaration(file, group); i != nil {
				read.Interfaces = append(read.Interfaces, i)
			}
		}
		slices.SortStableFunc(read.Interfaces, func(a, b *Interface) int { return int(a.Spec.Pos() - b.Spec.Pos()) })
		for _, i := range read.Interfaces {
			i.test = read.test
		}
		read.Profiles = r.profiles(file)
		r.strays(file)
	}
	return read, Sort(r.diagnostics)
}

func isTest(fset *token.FileSet, file *ast.File) bool {
	return strings.HasSuffix(fset.Position(file.Package).Filename, "_test.go")
}

type reader struct {
	report
	found map[*ast.CommentGroup][]Directive // those not yet attached to anything
}

// take hands out the directives of a comment group, once.
func (r *reader) take(group *ast.CommentGroup) []Directive {
	if group == nil {
		return nil
	}
	directives := r.found[group]
	delete(r.found, group)
	return directives
}

// types reads a type declaration.
func (r *reader) types(decl *ast.GenDecl) (interfaces []*Interface) {
	for _, spec := range decl.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok || kind(spec.Type) != "" {
			continue
		}
		i := &Interface{Spec: spec, Elements: map[*ast.Field][]Directive{}}
		if len(decl.Specs) == 1 {
			i.Directives = r.take(decl.Doc)
		}
		i.Directives = append(i.Directives, r.take(spec.Doc)...)
		r.onInterface(i.Directives)
		if literal, ok := ast.Unparen(spec.Type).(*ast.InterfaceType); ok && literal.Methods != nil {
			for _, element := range literal.Methods.List {
				if constrains(element) {
					continue
				}
				if directives := r.take(element.Doc); directives != nil {
					i.Elements[element] = directives
					r.onElement(directives, len(element.Names) > 0)
				}
			}
		}
		if len(i.Directives) > 0 || len(i.Elements) > 0 {
			interfaces = append(interfaces, i)
		}
	}
	return interfaces
}

// kind says what sort of type an expression is where that is plain to see and
// it is not an interface.
func kind(typ ast.Expr) string {
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

// constrains reports whether an interface's element is a union or ~T, which
// makes the interface a constraint.
func constrains(element *ast.Field) bool {
	switch element.Type.(type) {
	case *ast.BinaryExpr, *ast.UnaryExpr:
		return true
	}
	return false
}

// onInterface checks what only the interface's level can get wrong.
func (r *reader) onInterface(directives []Directive) {
	whole := map[string]bool{}
	for k, d := range directives {
		methods, chosen := d.key("methods")
		if !chosen && whole[d.subject()] {
			r.add(d.Pos, codeRepeated, "%s stands twice on this interface: make one of the two, or write methods= to say which methods one is for", d.subject())
		}
		whole[d.subject()] = whole[d.subject()] || !chosen
		r.noFunc(&directives[k])
		r.anywhere(d)
		switch d.Name {
		case "skip":
			if !chosen {
				r.add(d.Pos, codeSkip, "skip on a whole interface would leave nothing to guard: write methods= to name those it is for, or put it above a method")
			}
		case "wrap":
			if chosen {
				r.add(d.word(methods), codeLevel, "wrap is for the whole interface: leave methods= out")
			}
			if d.off() {
				r.add(d.Pos, codeLevel, "wrap cannot be turned off: an interface without directives has no wrapper")
			}
			if name, ok := d.key("name"); ok && (!token.IsIdentifier(name.Value) || name.Value == "_") {
				r.add(d.Args+token.Pos(name.ValueStart), codeName, "name: %q cannot be a type's name: write a Go identifier", name.Value)
			}
		}
	}
}

// onElement checks what only the level of a method or an embedded interface can
// get wrong. A retry budget there is taken out, lest it count.
func (r *reader) onElement(directives []Directive, isMethod bool) {
	seen := map[string]bool{}
	for k, d := range directives {
		if seen[d.subject()] {
			r.add(d.Pos, codeRepeated, "%s stands twice here: make one of the two", d.subject())
		}
		seen[d.subject()] = true
		r.anywhere(d)
		if d.Name == "wrap" {
			r.add(d.Pos, codeLevel, "wrap is for the whole interface: put it above the type")
		}
		if w, ok := d.key("methods"); ok {
			r.add(d.word(w), codeLevel, "methods= is for directives above the interface: leave it out here, where the directive reaches what it stands above")
		}
		if w, ok := d.key("budget"); ok && d.Name == "retry" && w.Value != "off" {
			r.add(d.word(w), codeLevel, "the retry budget is the client's: write budget=%s above the interface; here it can only be off", w.Value)
			directives[k].drop(w)
		}
		if !isMethod {
			r.noFunc(&directives[k])
		}
		if d.Name == "skip" && !d.off() && len(directives) > 1 {
			r.add(d.Pos, codeSkip, "skip undoes the directives beside it: keep it or them")
		}
	}
}

// anywhere checks the directives that are no policies, wherever they stand.
func (r *reader) anywhere(d Directive) {
	switch d.Name {
	case "interface":
		r.add(d.Pos, codeMisplaced, "%s", alone)
	case "profile":
		r.add(d.Pos, codeProfile, "a profile is a comment group of its own that begins with this line: leave a blank line above and below the group, and write //%s:use where it is to be applied", tool)
	case "use":
		r.named(d)
	case "allow":
		r.waiver(d)
	}
}

// noFunc takes out a fallback's function where it would be for several methods.
func (r *reader) noFunc(d *Directive) {
	if w, ok := d.function(); ok {
		r.add(d.word(w), codeLevel, "a fallback's function answers for one method: put //resil:fallback %s above it; here, fallback alone makes the constructor take a second implementation", w.Value)
		d.drop(w)
	}
}
