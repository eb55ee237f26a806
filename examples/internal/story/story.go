// Package story tells what happens in a demonstration and whether it is what
// should happen.
package story

import (
	"fmt"
	"io"
)

// A Story is told to W. It is for one goroutine.
type Story struct {
	W      io.Writer
	untrue int
}

// Title begins a part of the story.
func (s *Story) Title(title string) { fmt.Fprintf(s.W, "\n%s\n", title) }

// Line tells something, and whether it is true.
func (s *Story) Line(ok bool, format string, args ...any) {
	mark := "✓"
	if !ok {
		mark = "✗"
		s.untrue++
	}
	fmt.Fprintf(s.W, "  %s %s\n", mark, fmt.Sprintf(format, args...))
}

// Err returns an error if something that was told is not true.
func (s *Story) Err() error {
	if s.untrue > 0 {
		return fmt.Errorf("lines of the story that are not true: %d", s.untrue)
	}
	return nil
}
