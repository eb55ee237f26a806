package annotations

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
)

// A Diagnostic is one thing wrong, and where.
type Diagnostic struct {
	Pos     token.Position
	Code    string // the problem's kind, as docs/errors.md lists it
	Message string // what is wrong and what to write instead
}

// String gives the form that editors follow: file:line:col: message [code].
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s: %s [%s]", d.Pos, d.Message, d.Code)
}

// Sort sorts diagnostics by position and drops those that say the same thing
// twice. It reuses the slice.
func Sort(diagnostics []Diagnostic) []Diagnostic {
	slices.SortFunc(diagnostics, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Pos.Filename, b.Pos.Filename),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(diagnostics, func(a, b Diagnostic) bool {
		return a.String() == b.String()
	})
}

// report collects diagnostics.
type report struct {
	fset        *token.FileSet
	diagnostics []Diagnostic
}

func (r *report) add(pos token.Pos, code, format string, args ...any) {
	r.diagnostics = append(r.diagnostics, Diagnostic{r.fset.Position(pos), code, fmt.Sprintf(format, args...)})
}
