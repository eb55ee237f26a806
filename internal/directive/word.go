package directive

import (
	"strconv"
	"strings"
)

// A Word is one word of a directive's arguments, key=value or a value alone.
// Start, ValueStart and End are byte offsets in the arguments.
type Word struct {
	Key                    string // empty for a value that stands alone
	Value                  string // unquoted
	Start, ValueStart, End int
}

// space is the white space that the names of directives end at too (which is
// unicode.IsSpace's), among it that which web pages hold words together with.
const space = " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// Words splits a directive's arguments at white space. A value may be quoted as
// a Go string, which lets it hold spaces: per="f(a, b)". Words that cannot be
// read are left out and reported.
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
		value, n, bad := takeValue(rest)
		w.Value, w.End = value, w.ValueStart+n
		at = w.End
		switch {
		case bad != "" && spaced: // all of it is unread
			problems = append(problems, problemAt(CodeWord, w.Start, w.End, bad))
		case bad != "":
			problems = append(problems, problemAt(CodeWord, w.ValueStart, w.End, bad))
		case spaced, w.Key == "" && w.ValueStart > w.Start, w.Key != "" && n == 0:
			problems = append(problems, problemAt(CodeWord, w.Start, w.End,
				"write key=value with nothing around the equals sign"))
		default:
			words = append(words, w)
		}
	}
}

// takeValue reads one value from the front of s, quoted or up to white space,
// and says how many bytes it took.
func takeValue(s string) (value string, n int, bad string) {
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
