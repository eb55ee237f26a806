package load

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutBodiesLeavesAllElse(t *testing.T) {
	for _, tt := range []struct{ name, src, want string }{
		{"body", "func f() int { return 1 }", "func f() int "},
		{"braces in results", "func f() (struct{}, interface{ M() }) { return }\nvar x = 1", "func f() (struct{}, interface{ M() }) \nvar x = 1"},
		{"a bare type literal for a result", "func f() struct{ a int } { if x { } }\n", "func f() struct{ a int } \n"},
		{"constraints", "func f[T interface{ ~int }](x T) { }\n", "func f[T interface{ ~int }](x T) \n"},
		{"literals with braces", "func f() { _ = \"}\\\"}\" + `}` + string('}') + string('\\'') }\nvar x = 1", "func f() \nvar x = 1"},
		{"comments with braces", "func f() { // }\n/* } */ }\nvar x = 1", "func f() \n\nvar x = 1"},
		{"a body of three lines", "func f() {\n\tg()\n}; var x = 1", "func f() \n\n; var x = 1"},
		{"no body", "func f()\nvar x = T{1}", "func f()\nvar x = T{1}"},
		{"no body and no new line", "func f(); var x = T{1}", "func f(); var x = T{1}"},
		{"function literals", "var f =\nfunc() { }\nvar g = func() { }", "var f =\nfunc() { }\nvar g = func() { }"},
		{"a function type", "var c chan\nfunc() = T{1}", "var c chan\nfunc() = T{1}"},
		{"methods", "func (t *T) M() { }; func (T) N() { }", "func (t *T) M() ; func (T) N() "},
		{"what is not Go", "func f() { \"", "func f() { \""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(withoutBodies([]byte(tt.src)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzWithoutBodies compares with what the parser makes of the whole file.
func FuzzWithoutBodies(f *testing.F) {
	for _, dir := range []string{"go/types", "net/http", "reflect", "text/template/parse"} {
		files, err := filepath.Glob(filepath.Join(build.Default.GOROOT, "src", dir, "*.go"))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		whole, err := declarations(src)
		if err != nil {
			t.Skip()
		}
		got, err := declarations(withoutBodies(src))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Error(diff)
		}
	})
}

// declarations prints a file's declarations without bodies.
func declarations(src []byte) ([]string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, decl := range f.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			fn.Body = nil
		}
		var b bytes.Buffer
		if err := format.Node(&b, token.NewFileSet(), decl); err != nil {
			return nil, err
		}
		all = append(all, b.String())
	}
	return all, nil
}
