package page

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteLeavesTheOtherSectionsAsTheyAre(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	for _, section := range []struct{ heading, text string }{
		{"Late", "\nold\n\n### Part\n\nold\n"},
		{"Early", "first\n"},
		{"Late", "new\n\n### Part\n\nnew"},
	} {
		if err := Write(path, section.heading, section.text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := top + "\n## Early\n\nfirst\n\n## Late\n\nnew\n\n### Part\n\nnew\n"; string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTargetsMayBeMetExactly(t *testing.T) {
	table := Targets([]Target{{Most: 1.25, Measured: 1.25}, {Most: 1.25, Measured: 1.2501}})
	for i, want := range []string{"met", "missed"} {
		if row := table[i+1]; row[len(row)-1] != want {
			t.Errorf("got %q, want it %s", row, want)
		}
	}
}

func TestTableWithoutRows(t *testing.T) {
	want := `| path | number | at most | measured |    |
| ---- | -----: | ------: | -------: | -: |
`
	if got := Targets(nil).String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
