package model

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/load"
)

// buildConstraint returns what decides whether a source is built: its go:build line, its
// use of cgo, and its name, as in users_linux.go. An output must state all of that as a
// constraint, because it does not import "C" and its name ends in _resil. It returns ""
// if the source is always built.
func buildConstraint(src *Source) string {
	if all := constraintOf(src.Syntax, src.Path, usesCgo(src)); all != nil {
		return all.String()
	}
	return ""
}

// Needs says what has a source built that this build leaves out, and how to run for it:
// "it needs windows; run with -goos=windows".
func Needs(left load.LeftOut) string {
	cgo := slices.ContainsFunc(left.Syntax.Imports, func(imp *ast.ImportSpec) bool { return imp.Path.Value == `"C"` })
	needed := constraintOf(left.Syntax, left.Path, cgo)
	if needed == nil {
		return "the go command leaves it out"
	}
	text := "it needs " + needed.String()
	if with := setting(needed); with != "" {
		text += "; run with " + with
	}
	return text
}

// setting returns what to run with, so that a constraint is met: the flags of a run, such as
// "-goos=windows -tags=integration"; "" where that is not one answer.
func setting(needed constraint.Expr) string {
	terms, ok := tagsOf(needed)
	if !ok {
		return ""
	}
	var with, tags []string
	for _, tag := range terms {
		switch {
		case tag == "cgo":
			if len(terms) > 1 {
				return ""
			}
			return "CGO_ENABLED=1"
		case tag == "ignore", tag == "unix", tag == "race", strings.HasPrefix(tag, "go1."), strings.HasPrefix(tag, "goexperiment."):
			return ""
		case isArch(tag):
			with = append(with, "-goarch="+tag)
		case restricts("x_" + tag):
			with = append(with, "-goos="+tag)
		default:
			tags = append(tags, tag)
		}
	}
	if len(tags) > 0 {
		with = append(with, "-tags="+strings.Join(tags, ","))
	}
	return strings.Join(with, " ")
}

// tagsOf returns the tags of a constraint that needs all of them and nothing else.
func tagsOf(x constraint.Expr) (tags []string, ok bool) {
	switch x := x.(type) {
	case *constraint.TagExpr:
		return []string{x.Tag}, true
	case *constraint.AndExpr:
		left, ok := tagsOf(x.X)
		right, ok2 := tagsOf(x.Y)
		return append(left, right...), ok && ok2
	}
	return nil, false
}

// constraintOf returns the build constraint of a file; nil if it is always built.
func constraintOf(syntax *ast.File, path string, cgo bool) constraint.Expr {
	var all constraint.Expr
	and := func(x constraint.Expr) {
		if all == nil {
			all = x
		} else {
			all = &constraint.AndExpr{X: all, Y: x}
		}
	}
	for _, line := range buildLines(syntax) {
		and(line)
	}
	if cgo {
		and(&constraint.TagExpr{Tag: "cgo"})
	}
	for _, tag := range nameTags(filepath.Base(path)) {
		and(&constraint.TagExpr{Tag: tag})
	}
	return all
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
