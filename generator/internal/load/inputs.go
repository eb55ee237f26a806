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

// The inputs of a run are the folders and files that decide what it loads. The
// standard library and the module cache are not among them: the go command's version
// and the module files decide what those hold.
type inputs struct {
	folders, files map[string]bool
}

var errUncacheable = errors.New("a result that depends on this is not stored")

// inputs returns all inputs of the run.
func (l *Loader) inputs(d *digester) (*inputs, error) {
	in, err := l.importInputs(d)
	if err != nil {
		return nil, err
	}
	return in, in.addMatched(l)
}

// patternInputs returns what decides which packages the patterns match.
func (l *Loader) patternInputs() (*inputs, error) {
	in := l.moduleInputs()
	return in, in.addMatched(l)
}

// importInputs returns what decides what the loaded packages import. The error says
// that an input has no digest, or none that is right.
func (l *Loader) importInputs(d *digester) (*inputs, error) {
	in := l.moduleInputs()
	for _, p := range l.importer.listed {
		switch {
		case p.ImportPath == "unsafe":
		case p.Dir == "":
			return nil, errUncacheable // it is missing, and may appear in any folder
		case below(p.Dir, l.cmd.env["GOROOT"]), below(p.Dir, l.cmd.env["GOMODCACHE"]):
		case len(p.CgoFiles) > 0:
			return nil, errUncacheable // C headers have no digests
		case d.changed[p.Dir]:
			return nil, errUncacheable // it was loaded before its outputs changed
		default:
			in.addPackage(p)
		}
	}
	return in, nil
}

// moduleInputs returns what decides which modules there are.
func (l *Loader) moduleInputs() *inputs {
	in := &inputs{folders: map[string]bool{}, files: map[string]bool{}}
	if work := l.cmd.env.workspace(); work != "" {
		in.addWorkspace(work)
	}
	if mod := l.cmd.env.module(); mod != "" {
		in.addModule(mod)
	}
	return in
}

// addMatched adds the folders in which the patterns find packages.
func (in *inputs) addMatched(l *Loader) error {
	for _, pattern := range l.patterns {
		if dir, ok := treeRoot(pattern); ok {
			if err := in.addTree(absolute(l.cmd.dir, dir)); err != nil {
				return err
			}
		}
	}
	for _, p := range l.matched {
		in.addPackage(p)
	}
	return nil
}

// addPackage adds a package's folder, and the places above it where a new go.mod would make
// it part of another module.
func (in *inputs) addPackage(p *listedPackage) {
	in.folders[p.Dir] = true
	if p.Module == nil || p.Module.GoMod == "" {
		return
	}
	top := filepath.Dir(p.Module.GoMod)
	for dir := p.Dir; dir != top && below(dir, top); dir = filepath.Dir(dir) {
		in.files[filepath.Join(dir, "go.mod")] = true
	}
}

// addTree adds the folders that a pattern with "..." searches. Only the first may be a
// symbolic link, as for the go command.
func (in *inputs) addTree(top string) error {
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
		in.folders[dir] = true
		if dir != top && exists(filepath.Join(dir, "go.mod")) {
			return filepath.SkipDir
		}
		return nil
	})
}

// Folders returns the folders in which outputs of sources that are gone may be: those
// of the packages, and those that the patterns search and in which this build has no
// package.
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
	searched := &inputs{folders: map[string]bool{}}
	for _, pattern := range l.patterns {
		if dir, ok := treeRoot(pattern); ok {
			searched.addTree(absolute(l.cmd.dir, dir)) // an error leaves out the folders after it
		}
	}
	top := filepath.Dir(l.cmd.env["GOMOD"])
	for _, dir := range slices.Sorted(maps.Keys(searched.folders)) {
		if dir == top || !exists(filepath.Join(dir, "go.mod")) { // else another module has it
			add(dir)
		}
	}
	return folders
}

// addModule adds a go.mod, the files beside it, and the modules in other folders that
// it names.
func (in *inputs) addModule(gomod string) {
	if in.files[gomod] {
		return
	}
	dir := filepath.Dir(gomod)
	for _, name := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
		in.files[filepath.Join(dir, name)] = true
	}
	if text, err := os.ReadFile(gomod); err == nil {
		if parsed, err := modfile.Parse(gomod, text, nil); err == nil {
			in.addReplaced(dir, parsed.Replace)
		}
	}
}

// addWorkspace adds a go.work, the files beside it, and the modules that it names.
func (in *inputs) addWorkspace(path string) {
	dir := filepath.Dir(path)
	for _, name := range []string{"go.work", "go.work.sum", "vendor/modules.txt"} {
		in.files[filepath.Join(dir, name)] = true
	}
	if text, err := os.ReadFile(path); err == nil {
		if parsed, err := modfile.ParseWork(path, text, nil); err == nil {
			for _, use := range parsed.Use {
				in.addModule(filepath.Join(absolute(dir, use.Path), "go.mod"))
			}
			in.addReplaced(dir, parsed.Replace)
		}
	}
}

// addReplaced adds the modules in other folders that take the place of some.
func (in *inputs) addReplaced(dir string, replace []*modfile.Replace) {
	for _, r := range replace {
		if r.New.Version == "" {
			in.addModule(filepath.Join(absolute(dir, r.New.Path), "go.mod"))
		}
	}
}

// absolute returns path as seen from dir.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// below reports whether dir is top or below it.
func below(dir, top string) bool {
	return top != "" && (dir == top || strings.HasPrefix(dir, top+string(filepath.Separator)))
}

// ignored reports whether patterns leave out folders and files of that name.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
