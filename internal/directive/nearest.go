package directive

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest returns the known name that is nearest to word by edit distance,
// ignoring letter case. It returns "" if more than a third of the letters of word
// differ from every known name.
func Nearest(word string, known []string) string {
	nearest, distance := "", max(len(word)/3, 1)+1
	for _, name := range known {
		if len(word)-len(name) >= distance || len(name)-len(word) >= distance {
			continue
		}
		if d := edits(strings.ToLower(word), strings.ToLower(name)); d < distance {
			nearest, distance = name, d
		}
	}
	return nearest
}

// edits returns the number of insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment distance).
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			differ := 1
			if a[i-1] == b[j-1] {
				differ = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+differ)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// Unknown returns a message about a name that is not a known one of its kind. It
// gives the nearest known name, or all of them if none is near.
func Unknown(kind, name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("unknown %s %q; did you mean %q?", kind, name, near)
	}
	known = slices.Sorted(slices.Values(known))
	return fmt.Sprintf("unknown %s %q; write %s", kind, name, OneOf(known))
}
