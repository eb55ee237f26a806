package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// A configMap is a folder that is written as kubelet writes the volume of a ConfigMap. The
// file that programs read is a link to a file in ..data, which is a link to a folder that is
// never changed. An update makes a new folder, and renames a new link over ..data.
type configMap struct {
	folder  string
	written int
}

const overridesName = "overrides.json"

// path is the file that programs read.
func (m *configMap) path() string { return filepath.Join(m.folder, overridesName) }

// update replaces the text of the file at one instant.
func (m *configMap) update(text string) error {
	const data = "..data"
	old, _ := os.Readlink(filepath.Join(m.folder, data)) // "" at the first update
	m.written++
	next := fmt.Sprintf("..version_%d", m.written)
	if err := os.Mkdir(filepath.Join(m.folder, next), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(m.folder, next, overridesName), []byte(text), 0o644); err != nil {
		return err
	}
	temporary := filepath.Join(m.folder, "..data_tmp")
	if err := os.Symlink(next, temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, filepath.Join(m.folder, data)); err != nil {
		return err
	}
	if old == "" {
		return os.Symlink(filepath.Join(data, overridesName), m.path())
	}
	return os.RemoveAll(filepath.Join(m.folder, old))
}
