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

// examine reports what generation would say and do.
func examine(pass *analysis.Pass) {
	for _, src := range generator.Examine(generator.Package{
		Fset:     pass.Fset,
		Files:    whole(pass),
		Ignored:  pass.IgnoredFiles,
		Types:    pass.Pkg,
		Info:     pass.TypesInfo,
		Sizes:    pass.TypesSizes,
		ReadFile: pass.ReadFile,
	}) {
		for _, d := range src.Diagnostics {
			pos := find(pass, d.Pos)
			report(pass, d.Code, analysis.Diagnostic{Pos: pos, Message: d.Message, SuggestedFixes: mend(pass, pos)})
		}
		if src.Stale {
			report(pass, codeStale, analysis.Diagnostic{Pos: src.Pos, Message: filepath.Base(src.Output) + " is out of date; run go generate"})
		}
		for _, d := range src.Idle {
			report(pass, codeIdle, analysis.Diagnostic{Pos: d.Pos, Message: d.Name + " has no effect here: without it the same would be generated; leave it out"})
		}
	}
}

// whole are the files that parse. What the parser made of the others, which only
// some drivers hand out, cannot be told from what their author wrote.
func whole(pass *analysis.Pass) []*ast.File {
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

// find is where a position is in the package's files.
func find(pass *analysis.Pass, position token.Position) token.Pos {
	for _, file := range pass.Files {
		f := pass.Fset.File(file.FileStart)
		if position.Offset <= f.Size() && f.Position(f.Pos(position.Offset)) == position {
			return f.Pos(position.Offset)
		}
	}
	return pass.Files[0].Package
}

// mend suggests how to write the comment that begins at pos, if its spelling is
// what is wrong.
func mend(pass *analysis.Pass, pos token.Pos) []analysis.SuggestedFix {
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if c.Slash != pos {
					continue
				}
				mended, ok := annotations.Fix(c.Text)
				if !ok {
					return nil
				}
				return []analysis.SuggestedFix{{
					Message:   "Write " + mended,
					TextEdits: []analysis.TextEdit{{Pos: c.Pos(), End: c.End(), NewText: []byte(mended)}},
				}}
			}
		}
	}
	return nil
}
