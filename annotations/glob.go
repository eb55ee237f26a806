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
	offset  int // in the directive's arguments, in bytes
}

// globs returns the patterns in the value of methods=.
func globs(w directive.Word) (globs []glob) {
	offset := w.ValueStart
	for part := range strings.SplitSeq(w.Value, ",") {
		if pattern := strings.TrimSpace(part); pattern != "" {
			globs = append(globs, glob{pattern, offset})
		}
		if !w.IsQuoted() { // the value of a quoted word may be shorter than its text
			offset += len(part) + 1
		}
	}
	return globs
}

// match returns the names that the glob matches. If there are none, the message says
// what is wrong.
func (g glob) match(names []string) (matches []string, message string) {
	if strings.Contains(g.pattern, "[!") {
		return nil, fmt.Sprintf("methods: %q uses ! to exclude letters: write [^a-z] instead of [!a-z]", g.pattern)
	}
	for _, name := range names {
		if ok, err := path.Match(g.pattern, name); err != nil {
			return nil, fmt.Sprintf("methods: %q is not a valid pattern: write a method's name, * for any letters, ? for one letter, [a-z] for one of several", g.pattern)
		} else if ok {
			matches = append(matches, name)
		}
	}
	if matches == nil {
		message = fmt.Sprintf("methods: %q matches no method", g.pattern)
		if near := g.nearest(names); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		} else if len(names) > 0 {
			message += "; the methods are " + directive.Few(names)
		}
	}
	return matches, message
}

// nearest returns the glob or name that was most likely meant, or "". It takes what
// stands before the first wildcard for a mistyped beginning of a name.
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
