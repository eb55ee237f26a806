package annotations

import (
	"fmt"
	"go/ast"
	"go/token"
)

const (
	place = "an interface, one of its methods or an interface it embeds"
	alone = "interface makes an interface of a comment group that belongs to nothing else: leave a blank line above and below the group, and put it outside all declarations"
)

// strays reports the directives that nothing has taken, each by where it stands.
func (r *reader) strays(file *ast.File) {
	if len(r.found) == 0 {
		return
	}
	var (
		above = map[*ast.CommentGroup]string{} // what a doc comment documents
		code  = map[int]token.Pos{}            // where the code of each line begins
	)
	note := func(group *ast.CommentGroup, format string, args ...any) {
		if _, ok := above[group]; !ok && group != nil {
			above[group] = fmt.Sprintf(format, args...)
		}
	}
	var around []ast.Node // the node and those that hold it, outermost first
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
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
		around = append(around, n)
		switch n := n.(type) {
		case *ast.File:
			note(n.Doc, "stands above the package clause")
		case *ast.FuncDecl:
			if n.Recv != nil {
				note(n.Doc, "stands above %s, a method with a body", n.Name.Name)
			} else {
				note(n.Doc, "stands above %s, a function", n.Name.Name)
			}
		case *ast.GenDecl:
			switch {
			case n.Tok != token.TYPE:
				note(n.Doc, "stands above a declaration of another kind (%s)", n.Tok)
			case len(n.Specs) == 1:
				if spec, ok := n.Specs[0].(*ast.TypeSpec); ok {
					note(n.Doc, "%s", unfit(spec))
				}
			default:
				note(n.Doc, "stands above a group of types")
			}
		case *ast.TypeSpec:
			note(n.Doc, "%s", unfit(n))
		case *ast.ValueSpec:
			note(n.Doc, "stands above a variable or constant")
		case *ast.ImportSpec:
			note(n.Doc, "stands above an import")
		case *ast.Field:
			switch {
			case constrains(n):
				note(n.Doc, "stands above a type set, which has no methods")
			case len(around) > 2 && isInterface(around[len(around)-3]):
				note(n.Doc, "stands in an interface that has no name of its own at package level")
			default:
				note(n.Doc, "stands above a field or parameter")
			}
		}
		return true
	})
	for group, directives := range r.found {
		start, isCode := code[r.line(group.Pos())]
		for _, d := range directives {
			if d.Name == "profile" {
				r.anywhere(d)
				break // the others belong to it
			}
			switch what, ok := above[group]; {
			case d.Name == "interface" && !ok && !isCode:
				r.add(d.Pos, codeDetached, "interface makes the comment group that it begins into an interface: put it first, before the other directives of the group, and outside all declarations")
			case d.Name == "interface":
				r.add(d.Pos, codeMisplaced, "%s", alone)
			case ok:
				r.add(d.Pos, codeMisplaced, "//%s:%s %s: put it above %s", tool, d.Name, what, place)
			case isCode && start < group.Pos():
				r.add(d.Pos, codeDetached, "//%s:%s stands behind code: put it on a line of its own above %s", tool, d.Name, place)
			default:
				r.add(d.Pos, codeDetached, "//%s:%s stands above nothing: put it directly above %s, with no blank line between", tool, d.Name, place)
			}
		}
	}
}

// line is the line of the file itself, whatever //line comments say.
func (r *reader) line(pos token.Pos) int { return r.fset.PositionFor(pos, false).Line }

// unfit says why a type takes no directives. Types that may be interfaces take
// them at package level.
func unfit(spec *ast.TypeSpec) string {
	if what := kind(spec.Type); what != "" {
		return fmt.Sprintf("stands above %s, which is %s, not an interface", spec.Name.Name, what)
	}
	return fmt.Sprintf("stands above %s, which is declared inside a function and cannot be wrapped", spec.Name.Name)
}

func isInterface(n ast.Node) bool {
	_, ok := n.(*ast.InterfaceType)
	return ok
}
