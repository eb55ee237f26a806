package load

// HasGraph reports whether the loader need not ask what packages import.
func (l *Loader) HasGraph(imports []string) bool { return l.recorder.graph().has(imports) }

// HasListing reports whether the loader need not ask which packages match.
func (l *Loader) HasListing() bool { return l.recorder.listing() != nil }

// Loads reports whether a package is loaded, without waiting for it.
func (l *Loader) Loads(path string) bool {
	l.universe.mu.Lock()
	defer l.universe.mu.Unlock()
	return l.universe.packages[path] != nil
}
