package story

import (
	"bytes"
	"testing"
)

func TestStory(t *testing.T) {
	var out bytes.Buffer
	s := Story{W: &out}
	s.Title("A day")
	s.Line(true, "%d hours", 24)
	if err := s.Err(); err != nil {
		t.Errorf("a true story: %v", err)
	}
	s.Line(false, "no night")
	if s.Err() == nil {
		t.Error("no error for a story that is not true")
	}
	if want := "\nA day\n  ✓ 24 hours\n  ✗ no night\n"; out.String() != want {
		t.Errorf("told:\n%s\nwant:\n%s", &out, want)
	}
}
