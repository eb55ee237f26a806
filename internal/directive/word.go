package directive

import (
	"strconv"
	"strings"
	"unicode"
)

// A Word is one word of a directive's arguments: key=value or a value alone.
type Word struct {
	Key                    string // empty for a value that stands alone
	Value                  string // without its quotes
	Start, ValueStart, End int    // byte offsets in the arguments
}

// IsQuoted reports whether the word's value stands in quotes.
func (w Word) IsQuoted() bool { return w.End-w.ValueStart > len(w.Value) }

// space is what unicode.IsSpace reports as white space. The name of a directive
// ends there too. Some of it, such as the no-break space, comes from web pages.
const space = " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// Words splits a directive's arguments at white space. A value with spaces must be
// quoted as a Go string: per="f(a, b)". Words leaves out what it cannot read, and
// returns a problem for it.
func Words(args string) ([]Word, []*Problem) {
	var words []Word
	var problems []*Problem
	for at := 0; ; {
		at += len(args[at:]) - len(strings.TrimLeft(args[at:], space))
		if at == len(args) {
			return words, problems
		}
		if strings.HasPrefix(args[at:], "//") {
			return words, append(problems, problemAt(CodeWord, at, len(args),
				"a directive takes its whole line; put the comment on a line of its own"))
		}
		w := Word{Start: at, ValueStart: at}
		rest := args[at:]
		spaced := false // around the equals sign
		if i := strings.IndexAny(rest, "="+space+"\"`"); i >= 0 {
			if after := strings.TrimLeft(rest[i:], space); strings.HasPrefix(after, "=") {
				w.Key = rest[:i]
				value := strings.TrimLeft(after[1:], space)
				spaced = len(after) < len(rest[i:]) || len(value) < len(after)-1
				w.ValueStart = len(args) - len(value)
				rest = value
			}
		}
		value, n, message := readValue(rest)
		w.Value, w.End = value, w.ValueStart+n
		at = w.End
		if message == "" && strings.ContainsFunc(w.Key+value, isUnsafe) {
			message = "a directive cannot hold control characters; remove them"
		}
		switch {
		case message != "" && spaced: // nothing of it can be read
			problems = append(problems, problemAt(CodeWord, w.Start, w.End, message))
		case message != "":
			problems = append(problems, problemAt(CodeWord, w.ValueStart, w.End, message))
		case spaced, w.Key == "" && w.ValueStart > w.Start, w.Key != "" && n == 0:
			problems = append(problems, problemAt(CodeWord, w.Start, w.End,
				"write key=value without spaces around the equals sign"))
		default:
			words = append(words, w)
		}
	}
}

// isUnsafe reports whether a directive cannot hold a character: explain and the comments of
// generated code show its words.
func isUnsafe(r rune) bool { return unicode.IsControl(r) || isHidden(r) }

// readValue reads one value from the front of s, quoted or up to white space. It
// returns the value and its length in s. The message is empty if the value can be
// read.
func readValue(s string) (value string, n int, message string) {
	if s != "" && (s[0] == '"' || s[0] == '`') {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", len(s), "this quoted value does not end; close the quote"
		}
		n = len(quoted)
		if rest := s[n:]; rest != "" && strings.TrimLeft(rest, space) == rest {
			return "", n, "put a space after the closing quote"
		}
		value, _ = strconv.Unquote(quoted)
		return value, n, ""
	}
	n = strings.IndexAny(s, space)
	if n < 0 {
		n = len(s)
	}
	return s[:n], n, ""
}
