package load

import "slices"

// A graph is what packages import, directly and not, with the export data that
// the build cache had of it. It saves a run after an edit from asking the go
// command again.
type graph struct {
	Seen    digests
	Imports []string // sorted
	Listed  []*listed
}

// graph returns the graph of an earlier run if it would be the same now, else
// nil.
func (r *recorder) graph() *graph {
	var old graph
	if !r.recall(graphSuffix, &old) || !old.Seen.hold() {
		return nil
	}
	for _, l := range old.Listed {
		if l.Export != "" && !exists(l.Export) {
			return nil
		}
	}
	return &old
}

// has reports whether imports are among those of the graph.
func (g *graph) has(imports []string) bool {
	return g != nil && !slices.ContainsFunc(imports, func(path string) bool {
		_, found := slices.BinarySearch(g.Imports, path)
		return !found
	})
}

const graphSuffix = ".graph"

// saveGraph keeps the graph of the loader, with the packages that were asked for
// later. It does not while the build cache lacks export data, which it may have
// next time.
func (l *Loader) saveGraph(w *witness) {
	made := graph{Imports: l.imports}
	for _, p := range l.universe.listed {
		if p.Export == "" && p.ImportPath != "unsafe" {
			return
		}
		made.Listed = append(made.Listed, p)
	}
	if len(made.Listed) == l.remembered {
		return
	}
	seen, err := l.seenImported(w)
	if err != nil {
		return
	}
	if made.Seen, err = w.digests(seen); err == nil {
		l.recorder.keep(graphSuffix, made)
	}
}
