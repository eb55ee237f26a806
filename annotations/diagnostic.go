package annotations

import (
	"cmp"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"

	"github.com/resilgen/resilgen/internal/directive"
)

// A Diagnostic is one mistake in a source.
type Diagnostic struct {
	Pos     token.Position
	Code    string // the kind of mistake; docs/errors.md explains each
	Message string // what is wrong and what to write instead
}

// NewDiagnostic returns a diagnostic whose message has a format and arguments as for
// [fmt.Sprintf]. Control characters in it, which a source may have, are written as in
// \u001b.
func NewDiagnostic(pos token.Position, code, format string, args ...any) Diagnostic {
	return Diagnostic{pos, code, directive.Printable(fmt.Sprintf(format, args...))}
}

// String returns the form that editors can follow: file:line:col: message [code].
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s: %s [%s]", d.Pos, d.Message, d.Code)
}

// Sort returns the diagnostics sorted by position, each only once. It reuses the
// slice.
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

// A report collects diagnostics.
type report struct {
	fset        *token.FileSet
	diagnostics []Diagnostic
}

func (r *report) add(pos token.Pos, code, format string, args ...any) {
	r.diagnostics = append(r.diagnostics, NewDiagnostic(r.fset.Position(pos), code, format, args...))
}

// shortPosition returns the position of pos with the file's name only, without its
// folder.
func shortPosition(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	p.Filename = filepath.Base(p.Filename)
	return p.String()
}
