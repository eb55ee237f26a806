package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestCopies compares code on the pages with the files that it is copied from, all of
// them compiled and tested. A block is marked "copy: file" or, for one declaration with
// its comment, "copy: file name".
func TestCopies(t *testing.T) {
	copies := 0
	for _, path := range pages(t) {
		page := read(t, path)
		var updated strings.Builder
		copied := 0
		for _, b := range blocks(page) {
			from, ok := strings.CutPrefix(b.mark, "copy: ")
			if !ok {
				continue
			}
			copies++
			file, name, _ := strings.Cut(from, " ")
			want := read(t, file)
			if name != "" {
				want = declaration(t, file, name)
			}
			updated.WriteString(page[copied:b.start] + want)
			copied = b.end
			if b.text != want && !*update {
				t.Errorf("%s shows something else than %s has; run go test ./docs -update", path, from)
			}
		}
		if *update && copied > 0 {
			write(t, path, updated.String()+page[copied:])
		}
	}
	if copies == 0 {
		t.Error("no page has a copy")
	}
}

// declaration returns the text of a function or type in a file, with its comment.
func declaration(t *testing.T, path, name string) string {
	t.Helper()
	text := read(t, path)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		var doc *ast.CommentGroup
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil || d.Name.Name != name {
				continue
			}
			doc = d.Doc
		case *ast.GenDecl:
			if spec, ok := d.Specs[0].(*ast.TypeSpec); !ok || spec.Name.Name != name {
				continue
			}
			doc = d.Doc
		}
		begin := d.Pos()
		if doc != nil {
			begin = doc.Pos()
		}
		return text[files.Position(begin).Offset:files.Position(d.End()).Offset] + "\n"
	}
	t.Fatalf("%s declares no %s", path, name)
	return ""
}
