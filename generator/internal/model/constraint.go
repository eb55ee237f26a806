package model

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"io"
	"path/filepath"
	"strings"
)

// buildConstraint returns what decides whether a source is built: its go:build line, its
// use of cgo, and its name, as in users_linux.go. An output must state all of that as a
// constraint, because it does not import "C" and its name ends in _resil. It returns ""
// if the source is always built.
func buildConstraint(src *Source) string {
	var all constraint.Expr
	and := func(x constraint.Expr) {
		if all == nil {
			all = x
		} else {
			all = &constraint.AndExpr{X: all, Y: x}
		}
	}
	for _, line := range buildLines(src.Syntax) {
		and(line)
	}
	if usesCgo(src) {
		and(&constraint.TagExpr{Tag: "cgo"})
	}
	for _, tag := range nameTags(filepath.Base(src.Path)) {
		and(&constraint.TagExpr{Tag: tag})
	}
	if all == nil {
		return ""
	}
	return all.String()
}

// buildLines returns the go:build line of a file or, if it has none, its +build lines. The
// go command still reads those if a blank line follows them.
func buildLines(syntax *ast.File) []constraint.Expr {
	var old []constraint.Expr
	for _, group := range syntax.Comments {
		if group.Pos() > syntax.Package {
			break
		}
		for _, c := range group.List {
			x, err := constraint.Parse(c.Text)
			switch {
			case err != nil:
			case constraint.IsGoBuild(c.Text):
				return []constraint.Expr{x}
			case group != syntax.Doc:
				old = append(old, x)
			}
		}
	}
	return old
}

// usesCgo reports whether the source imports "C". If it does, the file that was parsed is
// another one, which cgo made of it.
func usesCgo(src *Source) bool {
	return src.Package.Fset.PositionFor(src.Syntax.FileStart, false).Filename != src.Path
}

// nameTags returns the systems and architectures to which a file's name restricts it.
func nameTags(name string) []string {
	stem := strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
	parts := strings.Split(stem, "_")
	if len(parts) < 2 {
		return nil
	}
	last := parts[len(parts)-1]
	if !restricts("x_" + last) {
		return nil
	}
	if len(parts) > 2 {
		if before := parts[len(parts)-2]; isArch(last) && restricts("x_"+before) && !isArch(before) {
			return []string{before, last}
		}
	}
	return []string{last}
}

// restricts reports whether a file of that name is not built everywhere. It asks go/build,
// which knows all systems and architectures.
func restricts(stem string) bool { return !matches(stem, "none", "none") }

// isArch reports whether a tag is an architecture. In a file's name, a system may stand
// before it.
func isArch(tag string) bool {
	return matches("x_linux_"+tag, "linux", tag) && !matches("x_linux_"+tag, "none", tag)
}

func matches(stem, system, arch string) bool {
	c := build.Context{GOOS: system, GOARCH: arch, Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package x\n")), nil }}
	ok, err := c.MatchFile(".", stem+".go")
	return ok && err == nil
}
