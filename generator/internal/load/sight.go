package load

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A sight is the folders and files that decide what is loaded, other than the
// standard library and the module cache, which the go command's version and the
// module files stand for.
type sight struct {
	folders, files map[string]bool
}

var errUnrecorded = errors.New("not recorded")

// seen is what the loader has looked at.
func (l *Loader) seen(w *witness) (*sight, error) {
	s, err := l.seenImported(w)
	if err != nil {
		return nil, err
	}
	return s, s.matched(l)
}

// seenMatched is what decides which packages the patterns match.
func (l *Loader) seenMatched() (*sight, error) {
	s := l.seenModules()
	return s, s.matched(l)
}

// seenImported is what decides what the packages that were loaded import.
func (l *Loader) seenImported(w *witness) (*sight, error) {
	s := l.seenModules()
	for _, p := range l.universe.listed {
		switch {
		case p.ImportPath == "unsafe":
		case p.Dir == "":
			return nil, errUnrecorded // it may turn up anywhere
		case below(p.Dir, l.cmd.env["GOROOT"]), below(p.Dir, l.cmd.env["GOMODCACHE"]):
		case len(p.CgoFiles) > 0:
			return nil, errUnrecorded // C headers are not looked at
		case w.changed[p.Dir]:
			return nil, errUnrecorded // it was loaded with other outputs
		default:
			s.add(p)
		}
	}
	return s, nil
}

// seenModules is what decides which modules there are.
func (l *Loader) seenModules() *sight {
	s := &sight{folders: map[string]bool{}, files: map[string]bool{}}
	if work := l.cmd.env.workspace(); work != "" {
		s.work(work)
	}
	if mod := l.cmd.env.module(); mod != "" {
		s.module(mod)
	}
	return s
}

// matched adds the folders in which the patterns find packages.
func (s *sight) matched(l *Loader) error {
	for _, pattern := range l.patterns {
		if dir, ok := root(pattern); ok {
			if err := s.tree(rooted(l.cmd.dir, dir)); err != nil {
				return err
			}
		}
	}
	for _, p := range l.matched {
		s.add(p)
	}
	return nil
}

// add adds a package's folder, and the places above it where a go.mod would take
// it from its module.
func (s *sight) add(p *listed) {
	s.folders[p.Dir] = true
	if p.Module == nil || p.Module.GoMod == "" {
		return
	}
	top := filepath.Dir(p.Module.GoMod)
	for dir := p.Dir; dir != top && below(dir, top); dir = filepath.Dir(dir) {
		s.files[filepath.Join(dir, "go.mod")] = true
	}
}

// tree adds the folders that a pattern with "..." looks through. As for the go
// command, only the first may be a symbolic link.
func (s *sight) tree(top string) error {
	top = filepath.Clean(top)
	follow := strings.TrimSuffix(top, string(filepath.Separator)) + string(filepath.Separator)
	return filepath.WalkDir(follow, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		dir = filepath.Clean(dir)
		if name := entry.Name(); dir != top {
			if ignored(name) || name == "vendor" && exists(filepath.Join(dir, "modules.txt")) {
				return filepath.SkipDir
			}
		}
		s.folders[dir] = true
		if dir != top && exists(filepath.Join(dir, "go.mod")) {
			return filepath.SkipDir
		}
		return nil
	})
}

// Folders are those in which outputs may be left over: those of packages, and
// those that patterns look through and where this build has none.
func (l *Loader) Folders(packages []*Package) (folders []string) {
	seen := map[string]bool{}
	add := func(dir string) {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil && !seen[real] {
			seen[real] = true
			folders = append(folders, dir)
		}
	}
	for _, p := range packages {
		add(p.Dir)
	}
	looked := &sight{folders: map[string]bool{}}
	for _, pattern := range l.patterns {
		if dir, ok := root(pattern); ok {
			looked.tree(rooted(l.cmd.dir, dir)) // or as far as it goes
		}
	}
	top := filepath.Dir(l.cmd.env["GOMOD"])
	for _, dir := range slices.Sorted(maps.Keys(looked.folders)) {
		if dir == top || !exists(filepath.Join(dir, "go.mod")) { // else it is another module's
			add(dir)
		}
	}
	return folders
}

// module adds what a go.mod decides with: itself, the files beside it and the
// modules in other folders that it names.
func (s *sight) module(gomod string) {
	if s.files[gomod] {
		return
	}
	dir := filepath.Dir(gomod)
	for _, name := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
		s.files[filepath.Join(dir, name)] = true
	}
	if text, err := os.ReadFile(gomod); err == nil {
		if parsed, err := modfile.Parse(gomod, text, nil); err == nil {
			s.replaced(dir, parsed.Replace)
		}
	}
}

// work adds what a go.work decides with.
func (s *sight) work(path string) {
	dir := filepath.Dir(path)
	for _, name := range []string{"go.work", "go.work.sum", "vendor/modules.txt"} {
		s.files[filepath.Join(dir, name)] = true
	}
	if text, err := os.ReadFile(path); err == nil {
		if parsed, err := modfile.ParseWork(path, text, nil); err == nil {
			for _, use := range parsed.Use {
				s.module(filepath.Join(rooted(dir, use.Path), "go.mod"))
			}
			s.replaced(dir, parsed.Replace)
		}
	}
}

func (s *sight) replaced(dir string, replace []*modfile.Replace) {
	for _, r := range replace {
		if r.New.Version == "" {
			s.module(filepath.Join(rooted(dir, r.New.Path), "go.mod"))
		}
	}
}

func rooted(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// below reports whether dir is top or below it.
func below(dir, top string) bool {
	return top != "" && (dir == top || strings.HasPrefix(dir, top+string(filepath.Separator)))
}

// ignored reports whether patterns pass over folders of that name.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
