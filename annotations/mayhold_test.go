package annotations

import (
	"go/parser"
	"go/token"
	"testing"

	"github.com/resilgen/resilgen/internal/directive"
)

// A source that has a mistake in the spelling of a directive must be read, or nobody
// reports the mistake.
func TestMayHoldFindsWhatReadReports(t *testing.T) {
	for _, comment := range []string{
		"//resil:retry", "// resil:retry", "//\tRESIL:retry", "//resil :retry", "/*resil:retry*/", "/**\n * resil:retry\n */",
		"///resil:retry", "//+resil:retry", "// @resil:retry", "//resilgen:retry", "// resilGen :retry",
		"//\u00a0resil:retry", "//\u200bresil\u2003:retry",
		"//resil retry", "//resil.retry 3", "//Resil\t=retry",
	} {
		src := "package p\n\n" + comment + "\ntype T interface{}\n"
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		read, diagnostics := Read(fset, file)
		if len(diagnostics) == 0 && len(read.Interfaces) == 0 {
			t.Errorf("%q is neither a directive nor a mistake", comment)
		}
		if !directive.MayHold([]byte(src)) {
			t.Errorf("%q is not read", comment)
		}
	}
	for _, src := range []string{"package p", "// resilient", "// resil.Call retries", "a / resil: b", "//", "/"} {
		if directive.MayHold([]byte(src)) {
			t.Errorf("%q is read", src)
		}
	}
}
