package load

import (
	"bytes"
	"unicode/utf8"

	"github.com/resilgen/resilgen/generator/internal/output"
)

// marked reports whether a source says anything to the generator: it holds a
// comment that is a directive or was meant as one, or is an output. It may say
// yes to a string that looks like a comment, and to code that is commented out.
func marked(src []byte) bool {
	if output.Is(src) {
		return true
	}
	for {
		i := bytes.IndexByte(src, '/')
		if i < 0 || i+1 == len(src) {
			return false
		}
		src = src[i+1:]
		if src[0] != '/' && src[0] != '*' {
			continue
		}
		rest := bytes.TrimLeftFunc(src[1:], aside)
		if len(rest) <= len(tool) || !bytes.EqualFold(rest[:len(tool)], []byte(tool)) {
			continue
		}
		after := rest[len(tool):]
		if bytes.IndexByte([]byte(" \t.=/-"), after[0]) >= 0 && len(rest) == len(src)-1 {
			return true // perhaps the colon is missing
		}
		if len(after) > len("gen") && bytes.EqualFold(after[:len("gen")], []byte("gen")) {
			after = after[len("gen"):]
		}
		if after = bytes.TrimLeftFunc(after, aside); len(after) > 0 && after[0] == ':' {
			return true
		}
	}
}

// aside reports whether r may stand around the tool's name in what was meant as a
// directive.
func aside(r rune) bool {
	return r <= ' ' || r >= utf8.RuneSelf || r == '/' || r == '*' || r == '+' || r == '@'
}

const tool = "resil"
