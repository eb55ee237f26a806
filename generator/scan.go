package generator

import "bytes"

// marked reports whether a source says anything to the generator: it holds a
// comment that is a directive or was meant as one, or is an output. It may say
// yes to a string that looks like a comment.
func marked(src []byte) bool {
	if isOwn(src) {
		return true
	}
	for {
		i := bytes.IndexByte(src, '/')
		if i < 0 || i+1 == len(src) {
			return false
		}
		src = src[i+1:]
		if src[0] == '/' || src[0] == '*' {
			rest := bytes.TrimLeft(src[1:], space)
			if len(rest) > len(tool) && bytes.EqualFold(rest[:len(tool)], []byte(tool)) {
				if after := bytes.TrimLeft(rest[len(tool):], space); len(after) > 0 && after[0] == ':' {
					return true
				}
			}
		}
	}
}

const (
	tool  = "resil"
	space = " \t\r\n\f\v"
)

// isOwn reports whether a file is an output of the generator.
func isOwn(src []byte) bool { return bytes.HasPrefix(src, []byte(header)) }
