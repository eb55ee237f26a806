package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What changes while a run goes on may have been seen or not.
func TestNothingUnsettledIsRecorded(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.go")
	if err := os.WriteFile(path, []byte("package a"), 0o666); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	age := func() {
		then := start.Add(-time.Hour)
		for _, path := range []string{path, dir} {
			if err := os.Chtimes(path, then, then); err != nil {
				t.Fatal(err)
			}
		}
	}
	age()
	w := witness{start: start}
	if _, err := w.folder(dir); err != nil {
		t.Errorf("a folder that is an hour old: %v", err)
	}
	for what, changed := range map[string]time.Time{
		"after the start":                          start.Add(time.Millisecond),
		"as far as can be told at the start":       start.Add(-time.Millisecond),
		"in a second of which no more can be told": start.Add(-time.Second).Truncate(time.Second),
	} {
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
		if _, err := w.folder(dir); err == nil {
			t.Errorf("a file that was changed %s is vouched for", what)
		}
	}
	w.written = map[string][]byte{path: []byte("package a")}
	if _, err := w.folder(dir); err != nil {
		t.Errorf("an output of the run: %v", err)
	}
	w.names = map[string]map[string]bool{dir: {}}
	if _, err := w.folder(dir); err != nil {
		t.Errorf("an output that go list has not seen: %v", err)
	}
	w.written = nil
	age()
	if _, err := w.folder(dir); err == nil {
		t.Error("a source that go list has not seen is vouched for")
	}
}
