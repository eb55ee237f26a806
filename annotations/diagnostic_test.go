package annotations_test

import (
	"go/token"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/annotations"
)

func TestSortOrdersByPositionAndDropsRepetition(t *testing.T) {
	at := func(file string, line, column int, message string) annotations.Diagnostic {
		return annotations.Diagnostic{Pos: token.Position{Filename: file, Line: line, Column: column}, Code: "RG001", Message: message}
	}
	got := annotations.Sort([]annotations.Diagnostic{
		at("b.go", 1, 1, "x"), at("a.go", 10, 1, "x"), at("a.go", 2, 9, "x"),
		at("a.go", 2, 3, "y"), at("a.go", 2, 3, "x"), at("a.go", 10, 1, "x"),
	})
	want := `a.go:2:3: x [RG001]
a.go:2:3: y [RG001]
a.go:2:9: x [RG001]
a.go:10:1: x [RG001]
b.go:1:1: x [RG001]
`
	if diff := cmp.Diff(want, lines(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
