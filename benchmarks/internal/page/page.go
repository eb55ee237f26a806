// Package page writes the page on performance, which several programs share.
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

// Write puts a section into the page in the file at path, which need not be there
// yet. It leaves the other sections as they are. The section's own headings are
// of the third level and below.
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
