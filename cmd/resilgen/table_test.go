package main

import (
	"strings"
	"testing"
)

func TestTablesAlignWideCharacters(t *testing.T) {
	var text, markdown strings.Builder
	rows := table{{"METHOD", "CALLS"}, {"获取", "1"}, {"Cafe\u0301", "2"}, {"ｶﾀｶﾅ", "3"}, {"Größe", "4"}}
	rows.text(&text)
	rows.markdown(&markdown)
	want := "METHOD  CALLS\n获取    1\nCafe\u0301    2\nｶﾀｶﾅ    3\nGröße   4\n"
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", &text, want)
	}
	want = "| METHOD | CALLS |\n|--------|-------|\n| 获取   | 1     |\n| Cafe\u0301   | 2     |\n| ｶﾀｶﾅ   | 3     |\n| Größe  | 4     |\n"
	if markdown.String() != want {
		t.Errorf("got\n%swant\n%s", &markdown, want)
	}
}

func TestMarkdownIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"breaker per=shard[int](id)": `breaker per=shard\[int](id)`, // no link
		"app=*ErrA,*ErrB":            `app=\*ErrA,\*ErrB`,
		"per=\"a|b\\n`c`\"":          "per=\"a\\|b\\\\n\\`c\\`\"",
		"per=id<a&&id>c":             `per=id\<a&&id>c`,
		"rate_limit_us":              "rate_limit_us",
		"__init__":                   `\_\_init\_\_`,
	} {
		if got := escapeMarkdown(text); got != want {
			t.Errorf("escapeMarkdown(%q) = %q, want %q", text, got, want)
		}
	}
}
