package load

import "slices"

// A graph is what packages import, directly and not, with the export data that the
// build cache had of it. With it, a run after an edit need not ask the go command.
type graph struct {
	Imports []string // sorted
	Listed  []*listedPackage
}

const graphSuffix = ".graph"

// graph returns the graph of an earlier run, or nil if it may be another by now.
func (c *cache) graph() *graph {
	old, ok := recall[*graph](c, graphSuffix)
	if !ok || slices.ContainsFunc(old.Listed, func(p *listedPackage) bool { return p.Export != "" && !exists(p.Export) }) {
		return nil
	}
	return old
}

// has reports whether imports are among those of the graph, which may be nil.
func (g *graph) has(imports []string) bool {
	return g != nil && !slices.ContainsFunc(imports, func(path string) bool {
		_, found := slices.BinarySearch(g.Imports, path)
		return !found
	})
}

// storeGraph stores the graph of this run, with the packages that were asked for
// later. It does not if the build cache lacks export data: the next run may find it.
func (l *Loader) storeGraph(d *digester) {
	found := &graph{Imports: l.imports}
	for _, p := range l.importer.listed {
		if p.Export == "" && p.ImportPath != "unsafe" {
			return
		}
		found.Listed = append(found.Listed, p)
	}
	if len(found.Listed) == l.graphSize {
		return // which is in the cache
	}
	if in, err := l.importInputs(d); err == nil {
		store(l.cache, graphSuffix, found, in, d)
	}
}
