package resiltest

import (
	"fmt"
	"strings"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// compare returns events and wanted lines side by side: the longest series in which they
// agree, with those between that are only wanted (-) or only happened (+).
func compare(got []Event, want []string) (diff string, equal bool) {
	// longest[i][j] is the length of that series in got[i:] and want[j:].
	longest := make([][]int, len(got)+1)
	for i := range longest {
		longest[i] = make([]int, len(want)+1)
	}
	for i := len(got) - 1; i >= 0; i-- {
		for j := len(want) - 1; j >= 0; j-- {
			if got[i].matches(want[j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var b strings.Builder
	equal = true
	happened := func(sign string, e Event) {
		fmt.Fprintf(&b, "  %s %-10v %v", sign, e.At, e)
		if sign == "+" && e.Kind == resil.EventAttemptEnded && e.Err != nil { // may explain a class
			fmt.Fprintf(&b, " (%s)", onOneLine(e.Err))
		}
		b.WriteByte('\n')
	}
	for i, j := 0, 0; i < len(got) || j < len(want); {
		switch {
		case i < len(got) && j < len(want) && got[i].matches(want[j]):
			happened(" ", got[i])
			i, j = i+1, j+1
		case j < len(want) && (i == len(got) || longest[i][j+1] >= longest[i+1][j]):
			fmt.Fprintf(&b, "  - %-10s %s\n", "", want[j])
			equal = false
			j++
		default:
			happened("+", got[i])
			equal = false
			i++
		}
	}
	return b.String(), equal
}

// matches reports whether a wanted line is the event's, with or without the method.
func (e Event) matches(line string) bool {
	return matches(line, e.short()) || matches(line, e.String())
}

// matches compares words. Those of the pattern may stand for others.
func matches(pattern, line string) bool {
	wanted, words := strings.Fields(pattern), strings.Fields(line)
	if len(wanted) != len(words) {
		return false
	}
	for i, w := range wanted {
		if w != "*" && w != words[i] && !inRange(w, words[i]) {
			return false
		}
	}
	return true
}

// inRange reports whether a word is a duration in a range such as 1s..2s.
func inRange(bounds, word string) bool {
	low, high, ok := strings.Cut(bounds, "..")
	if !ok {
		return false
	}
	from, err1 := time.ParseDuration(low)
	to, err2 := time.ParseDuration(high)
	d, err3 := time.ParseDuration(word)
	return err1 == nil && err2 == nil && err3 == nil && from <= d && d <= to
}

func onOneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
