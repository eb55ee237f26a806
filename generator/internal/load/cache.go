package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resilgen/resilgen/generator/internal/output"
)

// A cache holds what earlier runs have found that saves a later one some work. It is
// for one program in one folder, with the same patterns and environment. A cache
// that cannot be read or written is no error: the run then does all the work.
type cache struct {
	path  string    // the beginning of the names of its files; empty if nothing is cached
	start time.Time // of the run
}

// An entry is what a run has found, and what it depends on. The times of files do
// not count: they only decide whether an entry is stored.
type entry[T any] struct {
	Inputs digests
	Value  T
}

func newCache(start time.Time, cmd *goCommand, patterns []string) *cache {
	c := &cache{start: start}
	if !cacheable(cmd.env, patterns) {
		return c
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return c
	}
	self, err := program()
	if err != nil {
		return c
	}
	key := sha256.New()
	fmt.Fprintf(key, "%q\n%q\n%q\n", self, cmd.dir, patterns)
	for _, name := range slices.Sorted(maps.Keys(cmd.env)) {
		if !strings.HasPrefix(name, "GOCACHE") {
			fmt.Fprintf(key, "%s=%q\n", name, cmd.env[name])
		}
	}
	c.path = filepath.Join(dir, "resilgen", hex.EncodeToString(key.Sum(nil)))
	return c
}

// cacheable reports whether folders and module files alone decide which packages
// match.
func cacheable(env environment, patterns []string) bool {
	flags := env["GOFLAGS"]
	modules := env["GOMOD"] != "" && (env.module() != "" || env.workspace() != "")
	if !modules || strings.Contains(flags, "-modfile") || strings.Contains(flags, "-overlay") {
		return false
	}
	return !slices.ContainsFunc(patterns, func(pattern string) bool {
		_, isTree := treeRoot(pattern)
		return strings.HasSuffix(pattern, ".go") || !listable(pattern) && !isTree && !isPath(pattern)
	})
}

// isPath reports whether the go command looks for a pattern in the file system.
func isPath(pattern string) bool {
	first, _, _ := strings.Cut(filepath.ToSlash(pattern), "/")
	return first == "." || first == ".." || filepath.IsAbs(pattern)
}

// treeRoot returns the folder below which a pattern with "..." matches; false for
// other patterns.
func treeRoot(pattern string) (string, bool) {
	before, _, found := strings.Cut(filepath.ToSlash(pattern), "...")
	if !found || !isPath(pattern) {
		return "", false
	}
	return filepath.FromSlash(before[:strings.LastIndexByte(before, '/')+1]), true
}

// program identifies the running program: by its version, or by its content.
var program = sync.OnceValues(func() (string, error) {
	if info, ok := debug.ReadBuildInfo(); ok {
		module := &info.Main
		for _, dep := range info.Deps {
			if dep.Path == output.Module {
				module = dep
			}
		}
		if module.Path == output.Module && module.Replace == nil && module.Sum != "" {
			return module.Version + module.Sum + info.GoVersion, nil
		}
	}
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return fileDigest(path)
})

// recall returns what an earlier run has stored; false if there is nothing, or if
// what it depends on has changed.
func recall[T any](c *cache, suffix string) (value T, ok bool) {
	if c.path == "" {
		return value, false
	}
	path := c.path + suffix
	var old entry[T]
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, &old) != nil || !old.Inputs.unchanged() {
		return value, false
	}
	if info, err := os.Stat(path); err == nil && c.start.Sub(info.ModTime()) > 24*time.Hour {
		os.Chtimes(path, c.start, c.start) // so that expire keeps it
	}
	return old.Value, true
}

// store keeps a value for later runs. It keeps nothing if an input may have changed
// since the run began.
func store[T any](c *cache, suffix string, value T, in *inputs, d *digester) {
	seen, err := d.digests(in)
	if err != nil {
		return
	}
	text, err := json.Marshal(entry[T]{seen, value})
	if err == nil && os.MkdirAll(filepath.Dir(c.path), 0o700) == nil {
		output.Replace(c.path+suffix, text)
	}
}

// expire removes the files of all caches that no run has used for a month.
func (c *cache) expire() {
	dir, oldest := filepath.Dir(c.path), c.start.AddDate(0, -1, 0)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.ModTime().Before(oldest) {
			os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
