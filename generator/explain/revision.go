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

// PackagesAt is [Packages] for the packages of cfg as they were at a revision that
// git knows. What did not exist then is left out; sources with something wrong in
// them are explained as far as they can be read. The repository and its work tree
// stay as they are.
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

// resolved is a path without symbolic links, as far as it exists.
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

// A past is a copy of a repository's files as they once were.
type snapshot struct {
	top  string // of the work tree
	dir  string // in it, where patterns are resolved
	temp string // a folder for the copy
	root string // of the copy
}

// checkout copies a revision's files to a temporary folder. It goes through an
// index of its own, so that not even git's notes of work trees change.
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
			return nil, fmt.Errorf("git knows no revision %s; this clone is shallow, so that it may have to be fetched first", revision)
		}
		return nil, fmt.Errorf("git knows no revision %s", revision)
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

// git runs a git command and returns what it prints, without the line's end.
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

// path is where the copy has a file of the work tree; other files stay where
// they are.
func (p *snapshot) path(file string) string { return rebased(file, p.top, p.root) }

// origin is the file of the work tree that the copy's file was, or will be.
func (p *snapshot) workTreeFile(file string) string { return rebased(file, p.root, p.top) }

// moved is file with what it has of the folder from replaced by to.
func rebased(file, from, to string) string {
	if rel, err := filepath.Rel(from, file); err == nil && filepath.IsLocal(rel) {
		return filepath.Join(to, rel)
	}
	return file
}

// has reports whether the copy may have packages that match a pattern. About
// import paths it leaves the judgement to the go command.
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

// relink makes the copy's go.mod and go.work files lead to what lies outside the
// repository, where they name it by a relative path.
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
		return nil // for the go command to tell, if it is one that matters
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

// relinkWorkspace gives the copy the workspace that the work tree is in. A
// workspace file that git does not keep, or that lies outside the repository, is
// taken as it is now.
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
