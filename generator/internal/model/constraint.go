package model

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"io"
	"path/filepath"
	"strings"
)

// buildConstraint is what decides whether the source is built: its go:build line,
// its use of cgo, and what its name says, as users_linux.go does. An output has no
// import "C" and its name ends in _resil, so that both must be said in the file.
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

// buildLines are the go:build line of a file or, if it has none, its +build lines,
// which the go command still reads where a blank line sets them off.
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

// usesCgo reports whether the source imports "C": then the file that was parsed
// is what cgo made of it.
func usesCgo(src *Source) bool {
	return src.Package.Fset.PositionFor(src.Syntax.FileStart, false).Filename != src.Path
}

// nameTags are the systems and architectures that a file's name confines it to.
func nameTags(name string) []string {
	stem := strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
	parts := strings.Split(stem, "_")
	if len(parts) < 2 {
		return nil
	}
	last := parts[len(parts)-1]
	if !confines("x_" + last) {
		return nil
	}
	if len(parts) > 2 {
		if before := parts[len(parts)-2]; isArch(last) && confines("x_"+before) && !isArch(before) {
			return []string{before, last}
		}
	}
	return []string{last}
}

// confines reports whether a file of that name is not built everywhere. It asks
// go/build, which alone knows all systems and architectures.
func confines(stem string) bool { return !matches(stem, "none", "none") }

// isArch reports whether a tag is an architecture: then a file name with a system
// before it is confined to both.
func isArch(tag string) bool {
	return matches("x_linux_"+tag, "linux", tag) && !matches("x_linux_"+tag, "none", tag)
}

func matches(stem, system, arch string) bool {
	c := build.Context{GOOS: system, GOARCH: arch, Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package x\n")), nil }}
	ok, err := c.MatchFile(".", stem+".go")
	return ok && err == nil
}
