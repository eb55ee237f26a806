package annotations_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"unicode"

	"github.com/resilgen/resilgen/annotations"
)

// FuzzRead reads whatever the parser can make of a file: nothing panics, every
// position lies inside the file, and no message holds a control character.
func FuzzRead(f *testing.F) {
	for _, w := range wrong {
		f.Add("package p\n\n" + w.src)
	}
	f.Add("package p\n\n//resil:retry \"3\" max=`1s`\r\n//resil:wrap name=\u00e9\ntype S interface{ A() error }")
	f.Add("//resil:retry\npackage p // resil:\n/*resil:*/type S interface{//resil:skip\n}")
	f.Add("package p\n\n//resil:breaker\ntype S interface {\n//resil:limit 1/s\nE_A_B\nA() error\n}\n//resil:skip methods=[a-\ntype é io.Reader")
	f.Add("package p\n//resil:retry\nfunc f(\n//resil:retry\ntype S = interface { ~int | string; M[T any]() }\n//resil:x")
	f.Add("package p\n\n//resil:profile a\n//resil:allow RG032\n//resil:use b\n//resil:retry budget=1% factor=3 1\n\n//resil:use a\n//resil:allow RG03 \"x\"\ntype S interface {\n//resil:use a\nA() error\n}\n//resil:profile")
	f.Add("package p\n\n//resil:retry \x1b[2J max\x1b=1 per=\"\\x1b\"\n//resil:wrap name=\u202ex\n//resil:\x1b\n// resil:retry \x1b\n//resil:use \u009b\ntype S interface{ A() error }")
	f.Fuzz(func(t *testing.T, src string) {
		fset := token.NewFileSet()
		file, _ := parser.ParseFile(fset, "s.go", src, parser.ParseComments|parser.SkipObjectResolution)
		if file == nil {
			return
		}
		found, diagnostics := annotations.Read(fset, file)
		for _, more := range annotations.Link(fset, []*annotations.File{found}) {
			diagnostics = append(diagnostics, more...)
		}
		for _, i := range found.Interfaces {
			all, more := i.Resolve(fset, methods(i))
			diagnostics = append(diagnostics, more...)
			for _, m := range all {
				for field, origin := range m.Origins {
					if !origin.Pos.IsValid() || fset.File(origin.Pos) != fset.File(file.FileStart) {
						t.Errorf("%s of %s comes from outside the file", field, m.Name)
					}
				}
			}
		}
		for _, d := range diagnostics {
			if !d.Pos.IsValid() || d.Pos.Offset > len(src) {
				t.Errorf("%s lies outside the file", d)
			}
			if strings.ContainsFunc(d.Message, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || unicode.Is(unicode.Bidi_Control, r) }) {
				t.Errorf("%q holds a control character", d.Message)
			}
			if d.Code == "" || d.Message == "" {
				t.Errorf("%q says nothing", d)
			}
		}
	})
}
