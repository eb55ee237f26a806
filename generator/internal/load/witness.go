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

// Digests are what folders and files held, by absolute path. A file that was not
// there has none.
type digests struct {
	Folders, Files map[string]string
	Heads          bool // of sources only what a witness of heads looks at
}

// hold reports whether all is as it was.
func (d digests) hold() bool {
	now := witness{heads: d.Heads}
	same := func(then map[string]string, look func(string) (string, error)) bool {
		return forEach(slices.Collect(maps.Keys(then)), func(path string) error {
			seen, err := look(path)
			if err == nil && seen != then[path] {
				err = errChanged
			}
			return err
		}) == nil
	}
	return len(d.Files) > 0 && same(d.Files, now.file) && same(d.Folders, now.folder)
}

var errChanged = errors.New("changed")

// A witness makes digests. With a start it refuses to vouch for what was changed
// since, other than by the run itself.
type witness struct {
	start   time.Time
	written map[string][]byte          // outputs of the run, by path
	changed map[string]bool            // folders in which the run has written or removed outputs
	read    map[string]string          // digests of the sources that were read, by path
	names   map[string]map[string]bool // of the Go files that are known in a folder, true if they must be there

	// heads is to look, of sources, at no more than decides how the go command
	// lists them, and to pass over the generator's own outputs.
	heads bool
}

// witness is for the end of a run.
func (l *Loader) witness(done Done) *witness {
	w := &witness{start: l.recorder.start, written: done.Written, changed: map[string]bool{}, read: l.read, names: map[string]map[string]bool{}}
	for path := range done.Written {
		w.changed[filepath.Dir(path)] = true
	}
	for _, path := range done.Removed {
		w.changed[filepath.Dir(path)] = true
	}
	for _, p := range l.matched {
		names := map[string]bool{}
		for _, name := range p.IgnoredGoFiles {
			names[name] = false // outputs among those of an earlier run may be gone
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles) {
			names[name] = true
		}
		w.names[p.Dir] = names
	}
	know := func(paths []string, stay bool) {
		for _, path := range paths {
			if names := w.names[filepath.Dir(path)]; names != nil {
				names[filepath.Base(path)] = stay
			}
		}
	}
	know(done.Outputs, true)
	know(done.Removed, false)
	return w
}

func (w *witness) digests(s *sight) (digests, error) {
	d := digests{map[string]string{}, map[string]string{}, w.heads}
	var err error
	for dir := range s.folders {
		if d.Folders[dir], err = w.folder(dir); err != nil {
			return d, err
		}
	}
	for path := range s.files {
		if d.Files[path], err = w.file(path); err != nil {
			return d, err
		}
	}
	return d, nil
}

// folder is a digest of what in a folder decides which packages there are and
// what they hold.
func (w *witness) folder(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(dir); err != nil || w.names[dir] == nil && !w.settled(info) {
		return "", cmp.Or(err, errChanged)
	}
	there := map[string]bool{}
	sum := sha256.New()
	for _, entry := range entries {
		name := entry.Name()
		there[name] = true
		path := filepath.Join(dir, name)
		switch {
		case output.IsTemporary(name):
			return "", errChanged // which a run is to clear away
		case ignored(name):
		case entry.IsDir():
			fmt.Fprintf(sum, "%q is a folder\n", name)
		case name == "go.mod" || strings.HasSuffix(name, ".go"):
			_, known := w.names[dir][name]
			if w.names[dir] != nil && name != "go.mod" && !known && w.written[path] == nil {
				return "", errChanged
			}
			content, err := w.inFolder(path)
			if err != nil {
				return "", err
			}
			if content != "" {
				fmt.Fprintf(sum, "%q holds %s\n", name, content)
			}
		}
	}
	for name, stays := range w.names[dir] {
		if stays && !there[name] {
			return "", errChanged
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// inFolder is a digest of a file in a package's folder, empty if it is passed over.
func (w *witness) inFolder(path string) (string, error) {
	if !w.heads || filepath.Ext(path) != ".go" {
		return w.file(path)
	}
	if w.written[path] != nil {
		return "", nil
	}
	if info, err := os.Stat(path); err != nil || !w.settled(info) {
		return "", cmp.Or(err, errChanged)
	}
	src, err := os.ReadFile(path)
	if err != nil || output.Is(src) {
		return "", err
	}
	if read := w.read[path]; read != "" && read != digestOf(src) {
		return "", errChanged
	}
	return digestOf(head(src)), nil
}

// file is a digest of a file, empty if there is none.
func (w *witness) file(path string) (string, error) {
	if code := w.written[path]; code != nil {
		return digestOf(code), nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.IsDir() || !w.settled(info):
		return "", errChanged
	}
	if read := w.read[path]; read != "" { // what is there now may have an old time, as after a move
		return read, nil
	}
	return digest(path)
}

// settled reports whether a file was last changed before the start, as exactly
// as file systems tell.
func (w *witness) settled(info fs.FileInfo) bool {
	changed, coarse := info.ModTime(), 20*time.Millisecond
	if changed.Nanosecond() == 0 {
		coarse = 2 * time.Second
	}
	return w.start.IsZero() || changed.Add(coarse).Before(w.start)
}

func digest(path string) (string, error) {
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
