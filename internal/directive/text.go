package directive

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// OneOf joins words as a choice: a, b or c.
func OneOf(words []string) string { return join(words, "or") }

// All joins words as a list: a, b and c.
func All(words []string) string { return join(words, "and") }

func join(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + conjunction + " " + words[len(words)-1]
}

// Duration returns d without the zero units that [time.Duration.String] adds: 1m
// and not 1m0s.
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

// An Enum holds the text forms of a type whose values count up from 0. A value
// whose text is empty cannot be read.
type Enum[T ~uint8] []string

// Text returns the text form of v, or its number if it has none.
func (e Enum[T]) Text(v T) string {
	if int(v) < len(e) {
		return e[v]
	}
	return strconv.Itoa(int(v))
}

// Read sets v to the value with that text.
func (e Enum[T]) Read(v *T, text []byte) error {
	for i, s := range e {
		if s == string(text) && s != "" {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("write %s", OneOf(e))
}
