package directive

import (
	"fmt"
	"strconv"
)

// An Enum holds the text forms of a type whose values count up from 0. A value
// with an empty text cannot be read.
type Enum[T ~uint8] []string

// Text returns the text form of v, or its number if it has none.
func (e Enum[T]) Text(v T) string {
	if int(v) < len(e) {
		return e[v]
	}
	return strconv.Itoa(int(v))
}

// Read sets v to the value that has the text. If there is none it returns an error
// that lists the texts, and leaves v alone.
func (e Enum[T]) Read(v *T, text []byte) error {
	for i, s := range e {
		if s == string(text) && s != "" {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("write %s", OneOf(e))
}
