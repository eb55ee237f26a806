package annotations

import (
	"fmt"
	"path"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// A glob is one pattern of methods=, as path.Match reads it.
type glob struct {
	pattern string
	at      int // its offset in the directive's arguments
}

// globs splits the value of methods=.
func globs(w directive.Word) (globs []glob) {
	at := w.ValueStart
	bare := w.End-w.ValueStart == len(w.Value) // else quoted, and only the whole has a place
	for part := range strings.SplitSeq(w.Value, ",") {
		if pattern := strings.TrimSpace(part); pattern != "" {
			globs = append(globs, glob{pattern, at})
		}
		if bare {
			at += len(part) + 1
		}
	}
	return globs
}

// match returns the names that the glob matches and, where there are none, what
// is wrong.
func (g glob) match(names []string) (matches []string, wrong string) {
	if strings.Contains(g.pattern, "[!") {
		return nil, fmt.Sprintf("methods: %q has a ! where none is meant: write [^a-z] for what a choice leaves out", g.pattern)
	}
	for _, name := range names {
		if ok, err := path.Match(g.pattern, name); err != nil {
			return nil, fmt.Sprintf("methods: %q is malformed: write a method's name, * for any letters, ? for one, [a-z] for a choice", g.pattern)
		} else if ok {
			matches = append(matches, name)
		}
	}
	if matches == nil {
		wrong = fmt.Sprintf("methods: %q matches no method", g.pattern)
		if near := g.nearest(names); near != "" {
			wrong += fmt.Sprintf("; did you mean %q?", near)
		} else if len(names) > 0 {
			wrong += "; there are " + list(names)
		}
	}
	return matches, wrong
}

// nearest is the glob or name that was most likely meant: what stands before the
// first wildcard is taken for a mistyped beginning.
func (g glob) nearest(names []string) string {
	i := strings.IndexAny(g.pattern, `*?[\`)
	if i < 0 {
		return directive.Nearest(g.pattern, names)
	}
	var beginnings []string
	for _, name := range names {
		beginnings = append(beginnings, name[:min(i, len(name))])
	}
	near := directive.Nearest(g.pattern[:i], beginnings)
	if near == "" {
		return ""
	}
	for _, name := range names {
		if ok, _ := path.Match(near+g.pattern[i:], name); ok {
			return near + g.pattern[i:]
		}
	}
	return ""
}

// list joins names for a message, the first few of many.
func list(names []string) string {
	const few = 4
	if len(names) > few+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
