package load

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/output"
	"github.com/resilgen/resilgen/internal/directive"
)

// A LeftOut is a source with directives that this build leaves out.
type LeftOut struct {
	Path   string
	Syntax *ast.File
}

// LeftOut returns the sources with directives that this build leaves out, in the folders
// of the packages and in those that the patterns search, sorted by path.
func (l *Loader) LeftOut(packages []*Package) (found []LeftOut) {
	built := map[string]bool{}
	for _, p := range packages {
		for _, path := range p.GoFiles {
			built[path] = true
		}
		for _, f := range p.Sources { // some are not listed, because something is wrong in them
			built[f.Path] = true
		}
	}
	for _, folder := range l.Folders(packages) {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			path := filepath.Join(folder, entry.Name())
			if filepath.Ext(path) != ".go" || ignored(entry.Name()) || entry.IsDir() || built[path] {
				continue
			}
			if syntax := annotated(path); syntax != nil {
				found = append(found, LeftOut{path, syntax})
			}
		}
	}
	slices.SortFunc(found, func(a, b LeftOut) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// annotated parses a source; it returns nil if that has no directives.
func annotated(path string) *ast.File {
	src, err := os.ReadFile(path)
	if err != nil || !directive.MayHold(src) || output.Is(src) {
		return nil
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if syntax == nil {
		return nil
	}
	file, diagnostics := annotations.Read(fset, syntax)
	if err == nil && len(file.Interfaces) == 0 && !file.HasProfiles() && len(diagnostics) == 0 {
		return nil
	}
	return syntax
}
