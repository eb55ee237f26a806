package main

import (
	"strings"
	"unicode"
)

// escapeMarkdown escapes the characters of a text that have a meaning in Markdown,
// inside a table or outside. An underscore within a word has none.
func escapeMarkdown(text string) string {
	var escaped strings.Builder
	runes := []rune(text)
	inWord := func(k int) bool {
		return 0 <= k && k < len(runes) && (unicode.IsLetter(runes[k]) || unicode.IsDigit(runes[k]))
	}
	for k, r := range runes {
		if strings.ContainsRune("\\`*[<|~", r) || r == '_' && !(inWord(k-1) && inWord(k+1)) {
			escaped.WriteByte('\\')
		}
		escaped.WriteRune(r)
	}
	return escaped.String()
}
