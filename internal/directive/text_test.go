package directive

import (
	"testing"
	"time"
)

func TestListsNameFewOfMany(t *testing.T) {
	words := []string{"a", "b", "c", "d", "e", "f"}
	for n, want := range map[int][3]string{
		0: {"", "", ""},
		1: {"a", "a", "a"},
		2: {"a and b", "a or b", "a and b"},
		3: {"a, b and c", "a, b or c", "a, b and c"},
		5: {"a, b, c, d and e", "a, b, c, d or e", "a, b, c, d and e"},
		6: {"a, b, c, d, e and f", "a, b, c, d, e or f", "a, b, c, d and 2 more"},
	} {
		if got := [3]string{All(words[:n]), OneOf(words[:n]), Few(words[:n])}; got != want {
			t.Errorf("%d words: got %q, want %q", n, got, want)
		}
	}
}

func TestDurationLeavesOutZeroUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute:                  "1m",
		time.Hour:                    "1h",
		time.Hour + time.Second:      "1h0m1s",
		90 * time.Second:             "1m30s",
		10 * time.Minute:             "10m",
		2500 * time.Millisecond:      "2.5s",
		20*time.Hour + 5*time.Minute: "20h5m",
		0:                            "0s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
