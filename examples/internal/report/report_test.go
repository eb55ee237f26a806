package report

import (
	"bytes"
	"testing"
)

func TestReport(t *testing.T) {
	var out bytes.Buffer
	r := Report{W: &out}
	r.Section("A day")
	r.Check(true, "%d hours", 24)
	if err := r.Err(); err != nil {
		t.Errorf("all checks hold: %v", err)
	}
	r.Check(false, "no night")
	if r.Err() == nil {
		t.Error("no error for a check that failed")
	}
	if want := "\nA day\n  ✓ 24 hours\n  ✗ no night\n"; out.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", &out, want)
	}
}
