package annotations

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A File is what the directives of one source file say.
type File struct {
	Interfaces []*Interface // those that have directives, in the order of the source

	profiles []*profile
	uses     []string // the names of the profiles that use directives apply, wherever they stand
	inTest   bool
}

// HasProfiles reports whether the file declares profiles.
func (f *File) HasProfiles() bool { return len(f.profiles) > 0 }

// Read reads the directives of a file. It returns every mistake that can be seen
// without types and without other files, sorted. The file must have been parsed
// with its comments. Read may be called concurrently.
func Read(fset *token.FileSet, file *ast.File) (*File, []Diagnostic) {
	r := reader{report: report{fset: fset}, unattached: map[*ast.CommentGroup][]Directive{}}
	read := &File{inTest: isTest(fset, file)}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if !directive.MayHold([]byte(c.Text)) {
				continue
			}
			if d, ok := parse(&r.report, c); ok {
				r.unattached[group] = append(r.unattached[group], d)
				if d.Name == "use" {
					read.uses = append(read.uses, d.profileName().Value)
				}
			} else if !isExampleOutput(group) {
				reportNearMiss(&r.report, c)
			}
		}
	}
	if len(r.unattached) > 0 {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				read.Interfaces = append(read.Interfaces, r.interfaces(decl)...)
			}
		}
		for _, group := range file.Comments {
			if i := r.declaration(file, group); i != nil {
				read.Interfaces = append(read.Interfaces, i)
			}
		}
		slices.SortStableFunc(read.Interfaces, func(a, b *Interface) int { return int(a.Spec.Pos() - b.Spec.Pos()) })
		for _, i := range read.Interfaces {
			i.inTest = read.inTest
		}
		read.profiles = r.profiles(file)
		r.reportMisplaced(file)
	}
	return read, Sort(r.diagnostics)
}

func isTest(fset *token.FileSet, file *ast.File) bool {
	return strings.HasSuffix(fset.Position(file.Package).Filename, "_test.go")
}

// A reader reads one file.
type reader struct {
	report
	unattached map[*ast.CommentGroup][]Directive // directives that belong to nothing so far
}

// take returns the directives of a comment group, and nothing when it is called
// for the group again.
func (r *reader) take(group *ast.CommentGroup) []Directive {
	if group == nil {
		return nil
	}
	directives := r.unattached[group]
	delete(r.unattached, group)
	return directives
}

// line returns the line in the file itself. It ignores //line comments.
func (r *reader) line(pos token.Pos) int { return r.fset.PositionFor(pos, false).Line }

// isDetached reports whether a comment group stands outside all code and documents
// no declaration.
func (r *reader) isDetached(file *ast.File, group *ast.CommentGroup) bool {
	line := r.line(group.Pos())
	if group == file.Doc || r.line(file.Name.Pos()) == line {
		return false
	}
	for _, decl := range file.Decls {
		doc := (*ast.CommentGroup)(nil)
		switch decl := decl.(type) {
		case *ast.GenDecl:
			doc = decl.Doc
		case *ast.FuncDecl:
			doc = decl.Doc
		}
		if doc == group || decl.Pos() <= group.End() && group.Pos() <= decl.End() ||
			decl.End() <= group.Pos() && r.line(decl.End()) == line {
			return false
		}
	}
	return true
}
