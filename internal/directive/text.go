package directive

import (
	"fmt"
	"strings"
	"time"
)

// OneOf joins words as a choice: a, b or c.
func OneOf(words []string) string { return join(words, "or") }

// All joins words as a list: a, b and c.
func All(words []string) string { return join(words, "and") }

// Few joins words as [All] does. Of more than five it returns the first four and
// the number of the others: a, b, c, d and 2 more.
func Few(words []string) string {
	const few = 4
	if len(words) > few+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:few], ", "), len(words)-few)
	}
	return All(words)
}

func join(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + conjunction + " " + words[len(words)-1]
}

// Article returns a noun, such as the name of a type, with "a" or "an" before it.
func Article(noun string) string {
	word := strings.ToLower(strings.TrimLeft(noun, "*"))
	if word != "" && strings.ContainsRune("aeio", rune(word[0])) || strings.HasPrefix(word, "un") && !strings.HasPrefix(word, "uni") {
		return "an " + noun
	}
	return "a " + noun
}

// Duration returns d without the zero units that [time.Duration.String] adds: 1m
// instead of 1m0s.
func Duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
