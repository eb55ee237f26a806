package generator

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/generator/internal/output"
)

// A target is an output that is to be written, or to be removed if it has no code.
type target struct {
	path string
	code []byte
	keep bool // leave it as it is, because something is wrong in the source

	notes []annotations.Diagnostic // on the source
}

// codeWrite is the code of diagnostics about outputs that cannot be written.
const codeWrite = "RG040"

var errForeign = errors.New("was not written by resilgen and stays as it is; rename it, or rename the source beside it")

// write writes and removes outputs.
func (r *run) write() {
	for _, out := range r.targets {
		if out.keep {
			continue
		}
		if err := r.writeOne(out); err != nil {
			r.result.Diagnostics = append(r.result.Diagnostics, annotations.NewDiagnostic(token.Position{Filename: out.path}, codeWrite, "%v", err))
		}
	}
}

func (r *run) writeOne(out target) error {
	old, err := os.ReadFile(out.path)
	exists := err == nil
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil && out.code == nil:
		return nil
	case err != nil:
		return fmt.Errorf("cannot be written: %w", reason(err))
	}
	ours := output.Is(old)
	switch {
	case out.code == nil && !(exists && ours):
		return nil
	case out.code == nil && !r.check:
		if err := os.Remove(out.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("its source has no directives any more, and it cannot be removed: %w", reason(err))
		}
		r.result.Removed = append(r.result.Removed, out.path)
		return nil
	case exists && !ours:
		return errForeign
	case output.IsSame(old, out.code):
		r.result.Unchanged = append(r.result.Unchanged, out.path)
		return nil
	case r.check:
		r.result.Stale = append(r.result.Stale, Stale{out.path, old, out.code})
		r.result.Notes = append(r.result.Notes, out.notes...)
		return nil
	}
	if err := output.Replace(out.path, out.code); err != nil {
		return fmt.Errorf("cannot be written: %w", reason(err))
	}
	r.result.Written = append(r.result.Written, out.path)
	r.result.Notes = append(r.result.Notes, out.notes...)
	r.contents[out.path] = out.code
	return nil
}

// reason returns an error without the path, which the diagnostic has too.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// sweep searches a folder for outputs whose sources are gone, which are to be removed. It
// removes temporary files that an interrupted run has left. An output stays if its source
// exists and this build leaves it out.
func (r *run) sweep(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if output.IsTemporary(name) {
			if !r.check && olderThan(entry, time.Hour) { // another run may still need a newer one
				os.Remove(path)
			}
			continue
		}
		src, ok := output.Source(name)
		if !ok || slices.ContainsFunc(r.targets, func(out target) bool { return out.path == path }) {
			continue
		}
		if _, err := os.Stat(filepath.Join(folder, src)); errors.Is(err, fs.ErrNotExist) {
			r.targets = append(r.targets, target{path: path})
		} else if content, err := os.ReadFile(path); err == nil && output.Is(content) {
			r.result.Ignored = append(r.result.Ignored, path)
		}
	}
}

func olderThan(entry fs.DirEntry, age time.Duration) bool {
	info, err := entry.Info()
	return err == nil && time.Since(info.ModTime()) > age
}
