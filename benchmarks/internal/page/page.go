// Package page writes pages of the manual: that about performance, of which several programs
// write parts, and those that one program writes as a whole.
package page

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

const top = `# How fast

This page is written by ` + "`make bench`" + `. Do not edit it.
`

// Write writes a section of the page in the file at path, and keeps the other sections.
// It creates the file if there is none. Headings inside the section must be of the
// third level or below.
func Write(path, heading, section string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, rest, _ := strings.Cut(string(old), "\n## ")
	sections := map[string]string{}
	for part := range strings.SplitSeq(rest, "\n## ") {
		if heading, text, ok := strings.Cut(part, "\n"); ok {
			sections[heading] = strings.Trim(text, "\n")
		}
	}
	sections[heading] = strings.Trim(section, "\n")
	var b strings.Builder
	b.WriteString(top)
	for _, heading := range slices.Sorted(maps.Keys(sections)) {
		b.WriteString("\n## " + heading + "\n\n" + sections[heading] + "\n")
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
