package generator

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"io"
	"path/filepath"
	"strings"
)

// buildConstraint is what decides whether the source is built: its go:build line
// and what its name says, as users_linux.go does. An output's name ends in
// _resil, so that the name's part must be said in the file.
func buildConstraint(src *source) string {
	var all constraint.Expr
	and := func(x constraint.Expr) {
		if all == nil {
			all = x
		} else {
			all = &constraint.AndExpr{X: all, Y: x}
		}
	}
	if line := goBuildLine(src.syntax); line != nil {
		and(line)
	}
	for _, tag := range nameTags(filepath.Base(src.path)) {
		and(&constraint.TagExpr{Tag: tag})
	}
	if all == nil {
		return ""
	}
	return all.String()
}

func goBuildLine(syntax *ast.File) constraint.Expr {
	for _, group := range syntax.Comments {
		if group.Pos() > syntax.Package {
			return nil
		}
		for _, c := range group.List {
			if constraint.IsGoBuild(c.Text) {
				if x, err := constraint.Parse(c.Text); err == nil {
					return x
				}
			}
		}
	}
	return nil
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
