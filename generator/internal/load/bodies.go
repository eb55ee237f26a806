package load

import "bytes"

// withoutBodies returns a source without the bodies of its functions, which are most of
// what there is to parse. All else stays in its line, by which documentation is found. It
// returns src itself if that is not Go.
func withoutBodies(src []byte) []byte {
	out := make([]byte, 0, len(src)/2)
	var (
		copied = 0     // src up to here is in out, or is left out
		depth  = 0     // of brackets
		inFunc = false // between the keyword of a function's declaration and its body
		ends   = true  // a new line here would end a declaration
		typ    = false // a brace here would belong to a type
	)
	for i := 0; i < len(src); {
		c := src[i]
		if end := endOf(src, i); end < 0 {
			return src
		} else if end > i {
			if c != '/' {
				ends, typ = true, false
			}
			i = end
			continue
		}
		switch {
		case c == ' ' || c == '\t' || c == '\r':
		case c == '\n' && !ends:
		case c == '\n' || c == ';' || c == '=':
			if depth == 0 {
				inFunc = false
			}
			ends = c != '='
		case isWordByte(c):
			start := i
			for i < len(src) && isWordByte(src[i]) {
				i++
			}
			word := string(src[start:i])
			if depth == 0 && ends && word == "func" {
				inFunc = true
			}
			ends, typ = true, word == "struct" || word == "interface"
			continue
		case c == '{' && inFunc && depth == 0 && !typ:
			end := blockEnd(src, i)
			if end < 0 {
				return src
			}
			out = append(out, src[copied:i]...)
			for range bytes.Count(src[i:end], []byte("\n")) {
				out = append(out, '\n')
			}
			copied, i, inFunc = end, end, false
			continue
		case c == '(' || c == '[' || c == '{':
			depth++
			ends, typ = false, false
		case c == ')' || c == ']' || c == '}':
			if depth--; depth < 0 {
				return src
			}
			ends, typ = true, false
		default:
			ends, typ = false, false
		}
		i++
	}
	return append(out, src[copied:]...)
}

// blockEnd returns where the block that begins at i ends, or -1.
func blockEnd(src []byte, i int) int {
	for depth := 0; i < len(src); {
		if end := endOf(src, i); end < 0 {
			return -1
		} else if end > i {
			i = end
			continue
		}
		switch src[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
	return -1
}

// endOf returns where the literal or comment that begins at i ends: i if none begins
// there, or -1 if it does not end.
func endOf(src []byte, i int) int {
	after := func(opening int, closing string) int {
		if n := bytes.Index(src[i+opening:], []byte(closing)); n >= 0 {
			return i + opening + n + len(closing)
		}
		return -1
	}
	switch c := src[i]; c {
	case '`':
		return after(1, "`")
	case '"', '\'':
		for j := i + 1; j < len(src) && src[j] != '\n'; j++ {
			switch src[j] {
			case '\\':
				j++
			case c:
				return j + 1
			}
		}
		return -1
	case '/':
		switch {
		case bytes.HasPrefix(src[i:], []byte("/*")):
			return after(2, "*/")
		case bytes.HasPrefix(src[i:], []byte("//")):
			if n := bytes.IndexByte(src[i:], '\n'); n >= 0 {
				return i + n
			}
			return len(src)
		}
	}
	return i
}

// isWordByte reports whether a byte can be part of a name or a number.
func isWordByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
