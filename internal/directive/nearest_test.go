package directive

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"retry", "breaker", "on", "wait", "GetUser", "GetUsers"}
	for word, want := range map[string]string{
		"retyr":                        "retry", // a swap is one edit
		"RETRY":                        "retry",
		"retr":                         "retry",
		"braeker":                      "breaker",
		"of":                           "on",
		"wiat":                         "wait",
		"getuser":                      "GetUser",
		"GetUesr":                      "GetUser",
		"x":                            "",
		"":                             "",
		"limit":                        "",
		"retrying this call":           "",
		strings.Repeat("retry", 1<<20): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
