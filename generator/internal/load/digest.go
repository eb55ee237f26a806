package load

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/resilgen/resilgen/generator/internal/output"
)

// The digests of folders and files are by absolute path, and empty for a file that
// does not exist.
type digests struct {
	Folders, Files map[string]string
	HeadersOnly    bool // see digester.headersOnly
}

// unchanged reports whether the folders and files have the same digests now.
func (d digests) unchanged() bool {
	now := digester{headersOnly: d.HeadersOnly}
	same := func(then map[string]string, digest func(string) (string, error)) bool {
		return forEach(slices.Collect(maps.Keys(then)), func(path string) error {
			current, err := digest(path)
			if err == nil && current != then[path] {
				err = errChanged
			}
			return err
		}) == nil
	}
	return len(d.Files) > 0 && same(d.Files, now.file) && same(d.Folders, now.folder)
}

var errChanged = errors.New("changed")

// A digester makes digests. With a start it returns an error for what has changed
// since, unless the run itself has changed it: the run may have read what was there
// before.
type digester struct {
	start    time.Time
	contents map[string][]byte          // outputs that the run has written, by path
	changed  map[string]bool            // folders in which the run has written or removed outputs
	read     map[string]string          // digests of the sources that the run has read, by path
	names    map[string]map[string]bool // known Go files, by folder; true for those that must exist

	// headersOnly takes of a source only the part that decides how the go command
	// lists it, and leaves the generator's own outputs out.
	headersOnly bool
}

// digester returns one for the end of a run.
func (l *Loader) digester(done Done) *digester {
	d := &digester{start: l.cache.start, contents: done.Contents, changed: map[string]bool{}, read: l.digests, names: map[string]map[string]bool{}}
	for path := range done.Contents {
		d.changed[filepath.Dir(path)] = true
	}
	for _, path := range done.Removed {
		d.changed[filepath.Dir(path)] = true
	}
	for _, p := range l.matched {
		names := map[string]bool{}
		for _, name := range p.IgnoredGoFiles {
			names[name] = false // a listing from the cache may have outputs that are gone
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles) {
			names[name] = true
		}
		d.names[p.Dir] = names
	}
	know := func(paths []string, mustExist bool) {
		for _, path := range paths {
			if names := d.names[filepath.Dir(path)]; names != nil {
				names[filepath.Base(path)] = mustExist
			}
		}
	}
	know(done.Outputs, true)
	know(done.Removed, false)
	return d
}

// digests takes the digests of all inputs.
func (d *digester) digests(in *inputs) (digests, error) {
	all := digests{map[string]string{}, map[string]string{}, d.headersOnly}
	var err error
	for dir := range in.folders {
		if all.Folders[dir], err = d.folder(dir); err != nil {
			return all, err
		}
	}
	for path := range in.files {
		if all.Files[path], err = d.file(path); err != nil {
			return all, err
		}
	}
	return all, nil
}

// folder returns a digest of what in a folder decides which packages there are and
// what they hold.
func (d *digester) folder(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil || d.names[dir] == nil && !d.settled(info) {
		return "", cmp.Or(err, errChanged)
	}
	found := map[string]bool{}
	sum := sha256.New()
	for _, entry := range entries {
		name := entry.Name()
		found[name] = true
		path := filepath.Join(dir, name)
		switch {
		case output.IsTemporary(name):
			return "", errChanged // the next run is to remove it
		case ignored(name):
		case entry.IsDir():
			fmt.Fprintf(sum, "%q is a folder\n", name)
		case name == "go.mod" || strings.HasSuffix(name, ".go"):
			_, known := d.names[dir][name]
			if d.names[dir] != nil && name != "go.mod" && !known && d.contents[path] == nil {
				return "", errChanged
			}
			content, err := d.goFile(path)
			if err != nil {
				return "", err
			}
			if content != "" {
				fmt.Fprintf(sum, "%q holds %s\n", name, content)
			}
		}
	}
	for name, mustExist := range d.names[dir] {
		if mustExist && !found[name] {
			return "", errChanged
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// goFile returns a digest of a file in a package's folder, empty if it is left out.
func (d *digester) goFile(path string) (string, error) {
	if !d.headersOnly || filepath.Ext(path) != ".go" {
		return d.file(path)
	}
	if d.contents[path] != nil {
		return "", nil
	}
	if info, err := os.Stat(path); err != nil || !d.settled(info) {
		return "", cmp.Or(err, errChanged)
	}
	src, err := os.ReadFile(path)
	if err != nil || output.Is(src) {
		return "", err
	}
	if read := d.read[path]; read != "" && read != digestOf(src) {
		return "", errChanged
	}
	return digestOf(header(src)), nil
}

// file returns a digest of a file, empty if there is none.
func (d *digester) file(path string) (string, error) {
	if content := d.contents[path]; content != nil {
		return digestOf(content), nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.IsDir() || !d.settled(info):
		return "", errChanged
	}
	if read := d.read[path]; read != "" { // a file that was moved here since may have an old time
		return read, nil
	}
	return fileDigest(path)
}

// settled reports whether a file was last changed before the start, as exactly as
// file systems tell.
func (d *digester) settled(info fs.FileInfo) bool {
	changed, resolution := info.ModTime(), 20*time.Millisecond
	if changed.Nanosecond() == 0 {
		resolution = 2 * time.Second
	}
	return d.start.IsZero() || changed.Add(resolution).Before(d.start)
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
