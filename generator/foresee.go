package generator

import (
	"context"
	"go/build"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
)

// An early is what a loader has of imported packages before it knows for sure which
// ones are imported.
type early struct {
	graph      *graph
	universe   *universe
	remembered bool // the graph is an earlier run's
}

// early makes haste: it takes the graph of an earlier run, and begins to load it,
// or asks the go command what packages import that seem to match.
func (l *loader) early(ctx context.Context) *early {
	if g := l.recorder.graph(); g != nil {
		u := newUniverse(l.fset, l.cmd, g.Listed)
		go u.wait(g.Imports)
		return &early{g, u, true}
	}
	imports := l.foresee()
	if len(imports) == 0 {
		return nil
	}
	listed, err := l.cmd.graph(ctx, imports)
	if err != nil {
		return nil // and it will fail again, if it was not in vain
	}
	return &early{&graph{Imports: imports, Listed: listed}, newUniverse(l.fset, l.cmd, listed), false}
}

// foresee guesses what the marked packages import, sorted: it goes by the folders
// that patterns name and not by what the go command makes of them. It returns
// nothing where the patterns are not of the file system.
func (l *loader) foresee() []string {
	folders, all := l.folders()
	if !all {
		return nil
	}
	system := build.Default
	system.GOOS, system.GOARCH, system.CgoEnabled = l.cmd.env["GOOS"], l.cmd.env["GOARCH"], l.cmd.env["CGO_ENABLED"] == "1"
	top := filepath.Dir(l.cmd.env["GOMOD"])
	gomod, _ := os.ReadFile(l.cmd.env["GOMOD"])
	module := modfile.ModulePath(gomod)
	seen := map[string]bool{}
	for _, dir := range folders {
		self := ""
		if below(dir, top) {
			self = path.Join(module, filepath.ToSlash(dir[len(top):]))
		}
		for _, imported := range seemImported(&system, dir) {
			if imported != self { // by its external tests
				seen[imported] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// seemImported are the paths that the sources in a folder import, if one of them
// is marked.
func seemImported(system *build.Context, dir string) (paths []string) {
	entries, _ := os.ReadDir(dir)
	found := false
	for _, entry := range entries {
		name := entry.Name()
		if filepath.Ext(name) != ".go" || ignored(name) {
			continue
		}
		src, err := os.ReadFile(filepath.Join(dir, name))
		if fits, _ := system.MatchFile(dir, name); err != nil || !fits || isOwn(src) {
			continue
		}
		mode := parser.ImportsOnly
		if marked(src) {
			found, mode = true, parser.ParseComments|parser.SkipObjectResolution // for from= names packages too
		}
		if syntax, _ := parser.ParseFile(token.NewFileSet(), name, src, mode); syntax != nil {
			paths = append(paths, importPaths(syntax)...)
		}
	}
	if !found {
		return nil
	}
	return paths
}
