package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A run may have read a file before or after a change that happens during the run.
func TestAFolderThatChangedDuringTheRunHasNoDigest(t *testing.T) {
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
	d := digester{start: start}
	if _, err := d.folder(dir); err != nil {
		t.Errorf("a folder that is an hour old: %v", err)
	}
	for what, changed := range map[string]time.Time{
		"after the start":                     start.Add(time.Millisecond),
		"at the start, as far as can be told": start.Add(-time.Millisecond),
		"in the second of the start":          start.Add(-time.Second).Truncate(time.Second),
	} {
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
		if _, err := d.folder(dir); err == nil {
			t.Errorf("a file that was changed %s has a digest", what)
		}
	}
	d.contents = map[string][]byte{path: []byte("package a")}
	if _, err := d.folder(dir); err != nil {
		t.Errorf("an output of the run: %v", err)
	}
	d.names = map[string]map[string]bool{dir: {}}
	if _, err := d.folder(dir); err != nil {
		t.Errorf("an output that go list has not seen: %v", err)
	}
	d.contents = nil
	age()
	if _, err := d.folder(dir); err == nil {
		t.Error("a source that go list has not seen has a digest")
	}
}
