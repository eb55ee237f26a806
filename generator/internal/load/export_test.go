package load

// HasGraph reports whether the loader need not ask what packages import.
func (l *Loader) HasGraph(imports []string) bool { return l.recorder.graph().has(imports) }

// HasListing reports whether the loader need not ask which packages match.
func (l *Loader) HasListing() bool { return l.recorder.listing() != nil }
