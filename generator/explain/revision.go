package explain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/generator/internal/model"
)

// PackagesAt explains packages as [Packages] does, but as they were at a git revision. It
// leaves out patterns for which there were no packages, and explains sources with mistakes
// as far as it can read them. It changes neither the repository nor its work tree. It also
// fails if git does not know the revision.
func PackagesAt(ctx context.Context, cfg generator.Config, revision string) (*Explanation, error) {
	past, err := checkout(ctx, cfg.Dir, revision)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(past.temp)
	old := generator.Config{Dir: past.path(past.dir)}
	patterns := cfg.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	for _, pattern := range patterns {
		if filepath.IsAbs(pattern) {
			pattern = past.path(withoutLinks(pattern))
		}
		if past.mayHavePackages(old.Dir, pattern) {
			old.Patterns = append(old.Patterns, pattern)
		}
	}
	if len(old.Patterns) == 0 {
		return &Explanation{}, nil
	}
	e, err := explain(ctx, old, func(*model.Source) bool { return true })
	if err != nil {
		return nil, fmt.Errorf("at %s: %w", revision, err)
	}
	for k := range e.Interfaces {
		e.Interfaces[k].File = past.workTreeFile(e.Interfaces[k].File)
	}
	for k := range e.Diagnostics {
		e.Diagnostics[k].Pos.Filename = past.workTreeFile(e.Diagnostics[k].Pos.Filename)
	}
	return e, nil
}

// withoutLinks returns a path without symbolic links, as far as it exists.
func withoutLinks(path string) string {
	for dir := path; ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, path[len(dir):])
		}
		if dir == filepath.Dir(dir) {
			return path
		}
	}
}

// A snapshot is a copy of a repository's files at a revision.
type snapshot struct {
	top  string // folder of the work tree
	dir  string // folder in it in which patterns are resolved
	temp string // folder to remove afterwards
	root string // folder of the copy, in temp
}

// checkout copies the files of a revision to a temporary folder. It uses an index of its
// own, so that nothing in the repository changes.
func checkout(ctx context.Context, dir, revision string) (*snapshot, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	top, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	commit, err := git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", revision+"^{commit}")
	if err != nil || strings.HasPrefix(revision, "-") {
		if shallow, _ := git(ctx, dir, nil, "rev-parse", "--is-shallow-repository"); shallow == "true" {
			return nil, fmt.Errorf("git does not know the revision %s; this clone is shallow, so that you may have to fetch it first", revision)
		}
		return nil, fmt.Errorf("git does not know the revision %s", revision)
	}
	temp, err := os.MkdirTemp("", "resilgen-")
	if err != nil {
		return nil, err
	}
	if temp, err = filepath.EvalSymlinks(temp); err != nil {
		return nil, err
	}
	p := &snapshot{top: filepath.FromSlash(top), dir: dir, temp: temp, root: filepath.Join(temp, "tree")}
	env := append(os.Environ(), "GIT_INDEX_FILE="+filepath.Join(temp, "index"), "GIT_LFS_SKIP_SMUDGE=1")
	for _, args := range [][]string{
		{"read-tree", commit},
		{"checkout-index", "--all", "--prefix=" + filepath.ToSlash(p.root) + "/"},
	} {
		if _, err = git(ctx, p.top, env, args...); err != nil {
			break
		}
	}
	if err == nil {
		err = p.relink(ctx)
	}
	if err != nil {
		os.RemoveAll(temp)
		return nil, err
	}
	return p, nil
}

// git runs a git command and returns what it prints, without the last line end.
func git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		message, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return "", fmt.Errorf("git %s: %s", args[0], message)
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// path returns the copy of a file of the work tree. It returns other files as they are.
func (p *snapshot) path(file string) string { return rebased(file, p.top, p.root) }

// workTreeFile returns the file of the work tree that a file of the copy stands for.
func (p *snapshot) workTreeFile(file string) string { return rebased(file, p.root, p.top) }

// rebased returns a file in the folder from as the same file in the folder to. It returns
// other files as they are.
func rebased(file, from, to string) string {
	if rel, err := filepath.Rel(from, file); err == nil && filepath.IsLocal(rel) {
		return filepath.Join(to, rel)
	}
	return file
}

// mayHavePackages reports whether the copy may have packages that match a pattern. It
// reports true for import paths, which only the go command can resolve.
func (p *snapshot) mayHavePackages(dir, pattern string) bool {
	if strings.HasPrefix(pattern, ".") {
		pattern = filepath.Join(dir, pattern)
	}
	if !filepath.IsAbs(pattern) {
		return true
	}
	base, _, deep := strings.Cut(pattern, "...")
	found := false
	filepath.WalkDir(base, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || found:
			return filepath.SkipAll
		case entry.IsDir() && !deep && path != filepath.Clean(base):
			return filepath.SkipDir
		}
		found = filepath.Ext(path) == ".go"
		return nil
	})
	return found
}

// relink changes the copy's go.mod and go.work files so that relative paths still lead to
// folders outside the repository.
func (p *snapshot) relink(ctx context.Context) error {
	err := filepath.WalkDir(p.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "go.mod" || !entry.Type().IsRegular() {
			return err
		}
		return p.relinkModule(path)
	})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "env", "GOWORK")
	cmd.Dir = p.dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go env GOWORK: %w", err)
	}
	if file := strings.TrimSpace(string(out)); file != "" && file != "off" {
		return p.relinkWorkspace(file)
	}
	return nil
}

func (p *snapshot) relinkModule(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(path, text, nil)
	if err != nil {
		return nil // the go command reports it, if it reads that file
	}
	changed := false
	for _, r := range mod.Replace {
		target := filepath.Join(filepath.Dir(p.workTreeFile(path)), r.New.Path)
		if modfile.IsDirectoryPath(r.New.Path) && !filepath.IsAbs(r.New.Path) && p.path(target) == target {
			changed = true
			if err := mod.AddReplace(r.Old.Path, r.Old.Version, target, ""); err != nil {
				return err
			}
		}
	}
	if !changed {
		return nil
	}
	if text, err = mod.Format(); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o666)
}

// relinkWorkspace gives the copy the workspace of the work tree. If the revision does not
// have the workspace file, it takes the present one.
func (p *snapshot) relinkWorkspace(file string) error {
	place := p.path(file)
	if place == file {
		place = filepath.Join(p.temp, filepath.Base(file))
	}
	text, err := os.ReadFile(place)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return err
	}
	work, err := modfile.ParseWork(place, text, nil)
	if err != nil {
		return err
	}
	absolute := func(path string) string {
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		return p.path(path)
	}
	var uses []*modfile.Use
	for _, use := range work.Use {
		path := absolute(use.Path)
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
			uses = append(uses, &modfile.Use{Path: path})
		}
	}
	work.SetUse(uses)
	for _, r := range work.Replace {
		if modfile.IsDirectoryPath(r.New.Path) {
			if err := work.AddReplace(r.Old.Path, r.Old.Version, absolute(r.New.Path), ""); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(place, modfile.Format(work.Syntax), 0o666)
}
