package load

// HasGraph reports whether the cache has what packages import.
func (l *Loader) HasGraph(imports []string) bool { return l.cache.graph().has(imports) }

// HasListing reports whether the cache has which packages match.
func (l *Loader) HasListing() bool { return l.cache.listing() != nil }

// Loads reports whether the loader has begun to load a package.
func (l *Loader) Loads(path string) bool {
	l.importer.mu.Lock()
	defer l.importer.mu.Unlock()
	return l.importer.packages[path] != nil
}
