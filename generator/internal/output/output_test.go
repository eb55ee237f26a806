package output

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOutputAndSourceNamesAreInverse(t *testing.T) {
	for source, output := range map[string]string{
		"users.go":       "users_resil.go",
		"users_test.go":  "users_resil_test.go",
		"users_linux.go": "users_linux_resil.go",
	} {
		if got := Path(source); got != output {
			t.Errorf("Path(%q) = %q, want %q", source, got, output)
		}
		if got, ok := Source(output); !ok || got != source {
			t.Errorf("Source(%q) = %q, %t, want %q", output, got, ok, source)
		}
	}
	for _, name := range []string{"_resil.go", "resil.go", "users.go", "users_resil.txt"} {
		if source, ok := Source(name); ok {
			t.Errorf("Source(%q) = %q, want none", name, source)
		}
	}
}

// Whoever reads while an output is replaced sees the old one or the new one.
func TestReplaceIsAtomic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users_resil.go")
	contents := []string{strings.Repeat("old", 1<<16), strings.Repeat("new", 1<<15)}
	if err := Replace(path, []byte(contents[0])); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !done.Load() {
			got, err := os.ReadFile(path)
			if err != nil || !slices.Contains(contents, string(got)) {
				t.Errorf("read %d bytes, %v", len(got), err)
				return
			}
		}
	})
	for i := range 200 {
		if err := Replace(path, []byte(contents[i%2])); err != nil {
			t.Error(err)
			break
		}
	}
	done.Store(true)
	wg.Wait()
}

func TestReplaceKeepsPermissionsAndLeavesNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "users_resil.go")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "new" || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("got %q with mode %v, want new with -rw-------", got, info.Mode())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files in the folder, want 1", len(entries))
	}
}

func TestReplaceFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	target, path := filepath.Join(dir, "target"), filepath.Join(dir, "users_resil.go")
	if err := os.WriteFile(target, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", path); err != nil {
		t.Skip(err)
	}
	if err := Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(target); string(got) != "new" {
		t.Errorf("the target holds %q, want new", got)
	}
	if to, err := os.Readlink(path); to != "target" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	os.Remove(target)
	if err := Replace(path, []byte("newer")); err == nil {
		t.Error("a link that leads nowhere was replaced")
	}
}
