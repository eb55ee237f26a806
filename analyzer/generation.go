package analyzer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator"
)

// checkGeneration reports what resilgen would report for the package, outputs that
// are out of date, and directives without effect.
func checkGeneration(pass *analysis.Pass) {
	for _, src := range generator.Examine(generator.Package{
		Fset:     pass.Fset,
		Files:    parsed(pass),
		Ignored:  pass.IgnoredFiles,
		Types:    pass.Pkg,
		Info:     pass.TypesInfo,
		Sizes:    pass.TypesSizes,
		ReadFile: pass.ReadFile,
	}) {
		for _, d := range src.Diagnostics {
			pos := posOf(pass, d.Pos)
			report(pass, d.Code, analysis.Diagnostic{Pos: pos, Message: d.Message, SuggestedFixes: fixes(pass, pos)})
		}
		if src.Stale {
			report(pass, codeStale, analysis.Diagnostic{Pos: src.Pos, Message: filepath.Base(src.Output) + " is out of date; run go generate"})
		}
		for _, d := range src.Redundant {
			report(pass, codeNoEffect, analysis.Diagnostic{Pos: d.Pos, Message: d.Name + " has no effect here: the generated code is the same without it; remove it"})
		}
	}
}

// parsed returns the files of the package that have no syntax error. Some drivers
// pass the others too; the syntax tree of such a file may lack what its author wrote.
func parsed(pass *analysis.Pass) []*ast.File {
	if len(pass.TypeErrors) == 0 {
		return pass.Files
	}
	return slices.DeleteFunc(slices.Clone(pass.Files), func(file *ast.File) bool {
		name := pass.Fset.File(file.FileStart).Name()
		src, err := pass.ReadFile(name)
		if err == nil {
			_, err = parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		}
		return err != nil
	})
}

// posOf returns the position in the package's files that position describes, or the
// first file's package clause if it is in none of them.
func posOf(pass *analysis.Pass, position token.Position) token.Pos {
	for _, file := range pass.Files {
		f := pass.Fset.File(file.FileStart)
		if position.Offset <= f.Size() && f.Position(f.Pos(position.Offset)) == position {
			return f.Pos(position.Offset)
		}
	}
	return pass.Files[0].Package
}

// fixes returns the fix for the comment that begins at pos, if the comment was meant
// as a directive.
func fixes(pass *analysis.Pass, pos token.Pos) []analysis.SuggestedFix {
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if c.Slash != pos {
					continue
				}
				fixed, ok := annotations.Fix(c.Text)
				if !ok {
					return nil
				}
				return []analysis.SuggestedFix{{
					Message:   "Write " + fixed,
					TextEdits: []analysis.TextEdit{{Pos: c.Pos(), End: c.End(), NewText: []byte(fixed)}},
				}}
			}
		}
	}
	return nil
}
