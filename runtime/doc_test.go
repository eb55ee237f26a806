package resil_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented reads the package's documentation.
func documented(t *testing.T) *doc.Package {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, "github.com/resilgen/resilgen/runtime")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// identifiers returns the exported identifiers of p. Constants of a type belong to
// their type, and so do methods.
func identifiers(p *doc.Package) (names []string) {
	values := func(list []*doc.Value) {
		for _, v := range list {
			names = append(names, v.Names...)
		}
	}
	values(p.Consts)
	values(p.Vars)
	for _, f := range p.Funcs {
		names = append(names, f.Name)
	}
	for _, typ := range p.Types {
		names = append(names, typ.Name)
		for _, f := range typ.Funcs {
			names = append(names, f.Name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return !token.IsExported(name) })
}

var docLink = regexp.MustCompile(`\[\*?([A-Z]\w*)(\.[A-Z]\w*)?\]`)

func TestEveryIdentifierIsListedForProgramsOrForGeneratedCode(t *testing.T) {
	p := documented(t)
	_, rest, _ := strings.Cut(p.Doc, "# For programs\n")
	programs, rest, _ := strings.Cut(rest, "# For generated code\n")
	generated, _, found := strings.Cut(rest, "\nOnly resilgen itself")
	if !found {
		t.Fatal("the package's documentation has no list for generated code")
	}
	listed := map[string]int{}
	for _, link := range docLink.FindAllStringSubmatch(programs+generated, -1) {
		if link[2] == "" {
			listed[link[1]]++
		}
	}
	names := identifiers(p)
	for _, name := range names {
		if n := listed[name]; n != 1 {
			t.Errorf("%s stands %d times in the two lists, want once", name, n)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("the lists name %s, which is no exported identifier", name)
	}
}

// A link to an identifier that is gone reads as text in brackets.
func TestLinksInDocumentationLeadSomewhere(t *testing.T) {
	p := documented(t)
	known := map[string]bool{}
	texts := []string{p.Doc}
	for _, name := range identifiers(p) {
		known[name] = true
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			texts = append(texts, v.Doc)
			for _, name := range v.Names {
				known[name] = true
			}
		}
	}
	functions := func(list []*doc.Func, typ string) {
		for _, f := range list {
			texts = append(texts, f.Doc)
			known[typ+f.Name] = true
		}
	}
	values(p.Consts)
	values(p.Vars)
	functions(p.Funcs, "")
	for _, typ := range p.Types {
		texts = append(texts, typ.Doc)
		values(typ.Consts)
		values(typ.Vars)
		functions(typ.Funcs, "")
		functions(typ.Methods, typ.Name+".")
		if fields, ok := typ.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType); ok {
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					known[typ.Name+"."+name.Name] = true
				}
			}
		}
	}
	for _, text := range texts {
		for _, link := range docLink.FindAllStringSubmatch(text, -1) {
			if !known[link[1]+link[2]] {
				t.Errorf("%s leads nowhere", link[0])
			}
		}
	}
}
