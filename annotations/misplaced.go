package annotations

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

const (
	properPlaces    = "an interface, one of its methods or an interface it embeds"
	interfaceInside = "interface must stand in a comment group of its own: put the group outside all declarations, with a blank line above and below it"
)

// reportMisplaced reports the directives that belong to nothing, each with the
// place where it stands.
func (r *reader) reportMisplaced(file *ast.File) {
	if len(r.unattached) == 0 {
		return
	}
	places, code := r.places(file)
	for group, directives := range r.unattached {
		start, isCode := code[r.line(group.Pos())]
		for _, d := range directives {
			if d.Name == "profile" {
				r.checkAnywhere(d)
				break // the directives below it belong to the profile
			}
			switch place, ok := places[group]; {
			case d.Name == "interface" && !ok && !isCode:
				r.add(d.Pos, codeDetached, "interface must be the first directive of its comment group: put it above the others, and the group outside all declarations")
			case d.Name == "interface":
				r.add(d.Pos, codeMisplaced, "%s", interfaceInside)
			case ok:
				r.add(d.Pos, codeMisplaced, "//resil:%s %s", d.Name, place)
			case isCode && start < group.Pos():
				r.add(d.Pos, codeDetached, "//resil:%s stands after code: put it on a line of its own above %s", d.Name, properPlaces)
			default:
				r.add(d.Pos, codeDetached, "//resil:%s stands above no declaration: put it directly above %s, without a blank line between", d.Name, properPlaces)
			}
		}
	}
}

// places returns, for each documentation comment of a file, what it stands above,
// in words; and for each line with code, where the code begins.
func (r *reader) places(file *ast.File) (places map[*ast.CommentGroup]string, code map[int]token.Pos) {
	places, code = map[*ast.CommentGroup]string{}, map[int]token.Pos{}
	note := func(group *ast.CommentGroup, format string, args ...any) {
		if _, ok := places[group]; !ok && group != nil {
			place := fmt.Sprintf(format, args...)
			if !strings.Contains(place, ": ") { // it does not say what to do
				place += ": put it above " + properPlaces
			}
			places[group] = place
		}
	}
	var path []ast.Node // from the file to the node, which is the last
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		switch n.(type) {
		case *ast.CommentGroup, *ast.Comment:
			return false
		case *ast.File:
		default:
			for _, pos := range []token.Pos{n.Pos(), n.End() - 1} {
				if line := r.line(pos); code[line] == token.NoPos || pos < code[line] {
					code[line] = pos
				}
			}
		}
		path = append(path, n)
		switch n := n.(type) {
		case *ast.File:
			note(n.Doc, "stands above the package clause")
		case *ast.FuncDecl:
			if n.Recv != nil {
				note(n.Doc, "%s", methodPlace(n))
			} else {
				note(n.Doc, "stands above %s, a function, and directives guard the methods of interfaces: declare one with a method like it, and put the directive above that", n.Name.Name)
			}
		case *ast.GenDecl:
			switch {
			case n.Tok != token.TYPE:
				note(n.Doc, "stands above a declaration of another kind (%s)", n.Tok)
			case len(n.Specs) == 1:
				if spec, ok := n.Specs[0].(*ast.TypeSpec); ok {
					note(n.Doc, "%s", typePlace(spec, len(path) > 2))
				}
			default:
				note(n.Doc, "stands above a group of types")
			}
		case *ast.TypeSpec:
			note(n.Doc, "%s", typePlace(n, len(path) > 3))
		case *ast.ValueSpec:
			note(n.Doc, "stands above a variable or constant")
		case *ast.ImportSpec:
			note(n.Doc, "stands above an import")
		case *ast.Field:
			switch {
			case isTypeSet(n):
				note(n.Doc, "stands above a type set, which has no methods")
			case len(path) > 2 && isInterface(path[len(path)-3]):
				note(n.Doc, "stands in an interface that has no name of its own at package level")
			default:
				note(n.Doc, "stands above a field or parameter")
			}
		}
		return true
	})
	return places, code
}

// typePlace returns the place above a type that takes no directives, in words. A
// type that may be an interface takes them at package level.
func typePlace(spec *ast.TypeSpec, inFunction bool) string {
	kind := otherKind(spec.Type)
	if kind == "a struct" && !inFunction && spec.TypeParams == nil {
		return fmt.Sprintf("stands above %s, which is a struct, not an interface: put it above an interface, or in a comment group of its own that begins with //resil:interface %s from=%s",
			spec.Name.Name, interfaceFor(spec.Name.Name), spec.Name.Name)
	}
	if kind != "" {
		return fmt.Sprintf("stands above %s, which is %s, not an interface", spec.Name.Name, kind)
	}
	return fmt.Sprintf("stands above %s, which is declared inside a function and cannot be wrapped", spec.Name.Name)
}

// methodPlace returns the place above a method with a body, in words.
func methodPlace(fn *ast.FuncDecl) string {
	place := fmt.Sprintf("stands above %s, a method with a body", fn.Name.Name)
	if len(fn.Recv.List) != 1 {
		return place
	}
	t := fn.Recv.List[0].Type
	if star, ok := ast.Unparen(t).(*ast.StarExpr); ok {
		t = star.X
	}
	id, ok := ast.Unparen(t).(*ast.Ident)
	if !ok { // it has type parameters
		return place
	}
	return fmt.Sprintf("%s: put it above an interface that has %s, or in a comment group of its own that begins with //resil:interface %s from=%s methods=%s",
		place, fn.Name.Name, interfaceFor(id.Name), id.Name, fn.Name.Name)
}

// interfaceFor returns a name for an interface with the methods of a type.
func interfaceFor(name string) string { return name + "API" }

func isInterface(n ast.Node) bool {
	_, ok := n.(*ast.InterfaceType)
	return ok
}
