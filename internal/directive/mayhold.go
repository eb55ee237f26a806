package directive

import (
	"bytes"
	"unicode/utf8"
)

// Tool is what directives begin with, after the slashes and before the colon.
const Tool = "resil"

// MayHold reports whether a text, such as a source file or a comment, may hold a
// directive, or a comment that was meant as one. It is quick, and true for some texts
// without: for a string that looks like a comment, and for code in a comment.
func MayHold(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '/')
		if i < 0 || i+1 == len(text) {
			return false
		}
		text = text[i+1:]
		if text[0] != '/' && text[0] != '*' {
			continue
		}
		rest := bytes.TrimLeftFunc(text[1:], mayStandAround)
		if len(rest) <= len(Tool) || !bytes.EqualFold(rest[:len(Tool)], []byte(Tool)) {
			continue
		}
		after := rest[len(Tool):]
		if bytes.IndexByte([]byte(" \t.=/-"), after[0]) >= 0 && len(rest) == len(text)-1 {
			return true // the colon may be missing
		}
		if len(after) > len("gen") && bytes.EqualFold(after[:len("gen")], []byte("gen")) {
			after = after[len("gen"):]
		}
		if after = bytes.TrimLeftFunc(after, mayStandAround); len(after) > 0 && after[0] == ':' {
			return true
		}
	}
}

// mayStandAround reports whether r may stand around the tool's name in a comment that was
// meant as a directive.
func mayStandAround(r rune) bool {
	return r <= ' ' || r >= utf8.RuneSelf || r == '/' || r == '*' || r == '+' || r == '@'
}
