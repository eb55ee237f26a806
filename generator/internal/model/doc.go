package model

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/load"
)

// A Doc is what the documentation of a method says to those who call it by another
// type. Each part is one line of text, empty where there is no such part.
type Doc struct {
	Sentence   string // the first
	Paragraph  string // the first, which begins with the sentence
	Deprecated string // the paragraph that says so
}

// document returns the documentation of a method of an interface in the source.
func (m *Package) document(method *Method) Doc {
	if method.inInterface() {
		return newDoc(method.Element.Doc)
	}
	return m.docs.of(m.pkg, method.Func)
}

// docs finds the documentation of methods.
type docs struct {
	read  *token.FileSet       // of files
	files map[string]*ast.File // that were read for it, by path; nil for what cannot be read
}

// of returns the documentation of a method at its declaration, in any package.
func (d *docs) of(pkg *load.Package, fn *types.Func) Doc {
	pos := pkg.Fset.Position(fn.Pos())
	path, inRoot := strings.CutPrefix(pos.Filename, "$GOROOT") // as in export data
	if inRoot {
		path = filepath.Join(build.Default.GOROOT, path)
	}
	if fn.Pkg() != nil && !filepath.IsAbs(path) { // as in export data of a build with -trimpath
		path = filepath.Join(pkg.SourceDir(fn.Pkg().Path()), filepath.Base(path))
	}
	if d.files == nil {
		d.read, d.files = token.NewFileSet(), map[string]*ast.File{}
	}
	file, ok := d.files[path]
	if !ok {
		file, _ = parser.ParseFile(d.read, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		d.files[path] = file
	}
	if file == nil {
		return Doc{}
	}
	var found Doc
	ast.Inspect(file, func(n ast.Node) bool {
		var names []*ast.Ident
		var group *ast.CommentGroup
		switch n := n.(type) {
		case *ast.FuncDecl:
			names, group = []*ast.Ident{n.Name}, n.Doc
		case *ast.Field:
			names, group = n.Names, n.Doc
		case *ast.BlockStmt:
			return false
		}
		for _, name := range names {
			if name.Name == fn.Name() && d.read.Position(name.Pos()).Line == pos.Line {
				found = newDoc(group)
			}
		}
		return true
	})
	return found
}

// newDoc takes apart a doc comment, without its directives.
func newDoc(group *ast.CommentGroup) (d Doc) {
	text := group.Text()
	for i, paragraph := range strings.Split(text, "\n\n") {
		line := strings.Join(strings.Fields(paragraph), " ")
		if i == 0 {
			d.Paragraph = line
		}
		if strings.HasPrefix(line, "Deprecated: ") {
			d.Deprecated = line
		}
	}
	d.Sentence = new(doc.Package).Synopsis(text)
	return d
}
