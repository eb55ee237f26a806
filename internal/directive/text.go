package directive

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// Printable returns a text for a terminal or a log: control characters other than new
// lines and tabs, and those that change the direction of text, are written as in \u001b.
// A message may quote what comes from somewhere else.
func Printable(text string) string {
	if !strings.ContainsFunc(text, isHidden) && utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for i, r := range text {
		switch _, size := utf8.DecodeRuneInString(text[i:]); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case isHidden(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func isHidden(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
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

// Rounded is [Duration] of d with three digits for people to read.
func Rounded(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return Duration(d.Round(unit))
}
