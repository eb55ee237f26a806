package generator

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/resilgen/resilgen/annotations"
)

// An output is a file to write, or to remove if it has no code.
type output struct {
	path string
	code []byte
	keep bool // leave what is there: the source has something wrong in it
}

var errForeign = errors.New("was not written by resilgen and is left as it is; rename it, or the source that it stands beside")

// write brings the outputs up to date.
func (r *run) write() {
	for _, out := range r.outputs {
		if out.keep {
			continue
		}
		if err := r.writeOne(out); err != nil {
			r.result.Diagnostics = append(r.result.Diagnostics, annotations.Diagnostic{
				Pos: token.Position{Filename: out.path}, Code: codeWrite, Message: err.Error(),
			})
		}
	}
}

func (r *run) writeOne(out output) error {
	old, err := os.ReadFile(out.path)
	exists := err == nil
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil && out.code == nil:
		return nil
	case err != nil:
		return fmt.Errorf("cannot be written: %w", reason(err))
	}
	ours := bytes.HasPrefix(old, []byte(header))
	switch {
	case out.code == nil && !(exists && ours):
		return nil
	case out.code == nil && !r.check:
		if err := os.Remove(out.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("its annotations are gone and it cannot be removed: %w", reason(err))
		}
		r.result.Removed = append(r.result.Removed, out.path)
		return nil
	case exists && !ours:
		return errForeign
	case bytes.Equal(old, out.code):
		r.result.Unchanged = append(r.result.Unchanged, out.path)
		return nil
	case r.check:
		r.result.Stale = append(r.result.Stale, Stale{out.path, old, out.code})
		return nil
	}
	if err := replace(out.path, out.code); err != nil {
		return fmt.Errorf("cannot be written: %w", reason(err))
	}
	r.result.Written = append(r.result.Written, out.path)
	r.written[out.path] = out.code
	return nil
}

// replace writes a file so that whoever looks, and whenever the program is
// killed, sees either the old content or the new. The go command does not see
// files whose names begin with a dot. A symbolic link stays one, to the same file.
func replace(path string, content []byte) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	perm := fs.FileMode(0o666) // less the umask
	if info, err := os.Stat(path); err == nil {
		perm = info.Mode().Perm()
	}
	dir, base := filepath.Split(path)
	temp := fmt.Sprintf("%s.%s%s%d", dir, base, temporary, rand.Uint64())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// temporary is what the name of a temporary file has after the output's.
const temporary = ".tmp"

// reason leaves the path out of an error that stands beside it.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// sweep looks through a package's folder for outputs whose sources are gone, and
// drops temporary files that an interrupted run left behind. An output whose
// source is there but not part of this build is no orphan.
func (r *run) sweep(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if isTemporary(name) {
			if !r.check && olderThan(entry, time.Hour) { // another run may be about to rename a young one
				os.Remove(path)
			}
			continue
		}
		src, ok := sourceName(name)
		if !ok || slices.ContainsFunc(r.outputs, func(out output) bool { return out.path == path }) {
			continue
		}
		if _, err := os.Stat(filepath.Join(folder, src)); errors.Is(err, fs.ErrNotExist) {
			r.outputs = append(r.outputs, output{path: path})
		} else if content, err := os.ReadFile(path); err == nil && bytes.HasPrefix(content, []byte(header)) {
			r.result.Ignored = append(r.result.Ignored, path)
		}
	}
}

// isTemporary reports whether replace gives such names to its temporary files.
func isTemporary(name string) bool {
	hidden, _, ok := strings.Cut(name, temporary)
	if !ok || !strings.HasPrefix(hidden, ".") {
		return false
	}
	_, ok = sourceName(hidden[1:])
	return ok
}

func olderThan(entry fs.DirEntry, age time.Duration) bool {
	info, err := entry.Info()
	return err == nil && time.Since(info.ModTime()) > age
}

// sourceName is the source that an output stands beside.
func sourceName(output string) (string, bool) {
	if base, ok := strings.CutSuffix(output, "_resil.go"); ok && base != "" {
		return base + ".go", true
	}
	if base, ok := strings.CutSuffix(output, "_resil_test.go"); ok && base != "" {
		return base + "_test.go", true
	}
	return "", false
}
