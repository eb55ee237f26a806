package directive

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		args     string
		words    []Word
		problems []*Problem
	}{
		{args: ""},
		{args: " \t"},
		{args: "3", words: []Word{{Value: "3", End: 1}}},
		{args: "  3\tmax=2s ", words: []Word{
			{Value: "3", Start: 2, ValueStart: 2, End: 3},
			{Key: "max", Value: "2s", Start: 4, ValueStart: 8, End: 10},
		}},
		{args: "3\u00a0max=2s\u2003per=\"a\"\u00a0x=1", words: []Word{
			{Value: "3", End: 1},
			{Key: "max", Value: "2s", Start: 3, ValueStart: 7, End: 9},
			{Key: "per", Value: "a", Start: 12, ValueStart: 16, End: 19},
			{Key: "x", Value: "1", Start: 21, ValueStart: 23, End: 24},
		}},
		{args: `per="f(a, b)" x=1`, words: []Word{
			{Key: "per", Value: "f(a, b)", Start: 0, ValueStart: 4, End: 13},
			{Key: "x", Value: "1", Start: 14, ValueStart: 16, End: 17},
		}},
		{args: "per=`a\\b` \"p q\"", words: []Word{
			{Key: "per", Value: `a\b`, Start: 0, ValueStart: 4, End: 9},
			{Value: "p q", Start: 10, ValueStart: 10, End: 15},
		}},
		{args: `"a=b"`, words: []Word{{Value: "a=b", End: 5}}},
		{args: "a=b=c", words: []Word{{Key: "a", Value: "b=c", ValueStart: 2, End: 5}}},
		{args: `x=""`, words: []Word{{Key: "x", ValueStart: 2, End: 4}}},
		{args: "a=1\nb=2", words: []Word{
			{Key: "a", Value: "1", ValueStart: 2, End: 3},
			{Key: "b", Value: "2", Start: 4, ValueStart: 6, End: 7},
		}},
		{args: "3 // why",
			words:    []Word{{Value: "3", End: 1}},
			problems: []*Problem{{Code: CodeWord, Start: 2, End: 8, Message: "a directive takes its whole line; put the comment on a line of its own"}}},
		{args: `a="b c=1`,
			problems: []*Problem{{Code: CodeWord, Start: 2, End: 8, Message: "this quoted value does not end; close the quote"}}},
		{args: `a="b"c d=1`,
			words:    []Word{{Value: "c", Start: 5, ValueStart: 5, End: 6}, {Key: "d", Value: "1", Start: 7, ValueStart: 9, End: 10}},
			problems: []*Problem{{Code: CodeWord, Start: 2, End: 5, Message: "put a space after the closing quote"}}},
		{args: "ratio = 50% min=3",
			words:    []Word{{Key: "min", Value: "3", Start: 12, ValueStart: 16, End: 17}},
			problems: []*Problem{{Code: CodeWord, Start: 0, End: 11, Message: "write key=value without spaces around the equals sign"}}},
		{args: "ratio= 50%",
			problems: []*Problem{{Code: CodeWord, Start: 0, End: 10, Message: "write key=value without spaces around the equals sign"}}},
		{args: "=5",
			problems: []*Problem{{Code: CodeWord, Start: 0, End: 2, Message: "write key=value without spaces around the equals sign"}}},
		{args: "a=\x1b per=\"x\\ny\" \"\\u202e\" b=2",
			words: []Word{{Key: "b", Value: "2", Start: 24, ValueStart: 26, End: 27}},
			problems: []*Problem{
				{Code: CodeWord, Start: 2, End: 3, Message: "a directive cannot hold control characters; remove them"},
				{Code: CodeWord, Start: 8, End: 14, Message: "a directive cannot hold control characters; remove them"},
				{Code: CodeWord, Start: 15, End: 23, Message: "a directive cannot hold control characters; remove them"},
			}},
		{args: "a=",
			problems: []*Problem{{Code: CodeWord, Start: 0, End: 2, Message: "write key=value without spaces around the equals sign"}}},
	} {
		words, problems := Words(tt.args)
		if diff := cmp.Diff(tt.words, words); diff != "" {
			t.Errorf("%q: words (-want +got):\n%s", tt.args, diff)
		}
		if diff := cmp.Diff(tt.problems, problems); diff != "" {
			t.Errorf("%q: problems (-want +got):\n%s", tt.args, diff)
		}
	}
}

// FuzzWords: every offset lies inside the arguments, in order, and nothing but
// white space is passed over in silence.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"3 max=2s", `per="f(a, b)" "x`, "a = b // c", "=\"\"=`", "\u00a0=\xff", "0 =\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, args string) {
		words, problems := Words(args)
		covered := []byte(args)
		cover := func(start, end int) {
			if start < 0 || end > len(args) || start >= end {
				t.Fatalf("%q: [%d,%d) is outside or empty", args, start, end)
			}
			copy(covered[start:end], strings.Repeat(" ", end-start))
		}
		at := 0
		for _, w := range words {
			cover(w.Start, w.End)
			if w.Start < at || w.ValueStart < w.Start || w.ValueStart > w.End {
				t.Errorf("%q: offsets of %+v are out of order", args, w)
			}
			if w.Key != "" && !strings.HasPrefix(args[w.Start:], w.Key+"=") {
				t.Errorf("%q: %+v is not where it says", args, w)
			}
			at = w.End
		}
		for _, p := range problems {
			cover(p.Start, p.End)
		}
		// The cause of a problem may begin at the value; its key is covered too.
		for _, p := range problems {
			i := strings.LastIndexAny(args[:p.Start], space)
			if i >= 0 {
				_, size := utf8.DecodeRuneInString(args[i:])
				i += size
			}
			i = max(i, 0)
			copy(covered[i:p.Start], strings.Repeat(" ", p.Start-i))
		}
		if rest := strings.Trim(string(covered), space); rest != "" {
			t.Errorf("%q: %q went unseen", args, rest)
		}
	})
}
