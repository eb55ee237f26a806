package generator

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
)

// A record is what a run has looked at that left every output right. As long as
// it all looks the same there is nothing to do. It holds content only: times of
// files decide nothing but whether a record is made.
type record struct {
	Seen   digests
	Result Result
}

// A recorder keeps the record of the runs of one program in one folder, with the
// same patterns and environment. It is no error if it cannot.
type recorder struct {
	path  string    // what the names of its files begin with; empty if such runs are not recorded
	start time.Time // of the run
}

func newRecorder(start time.Time, cmd *goCommand, patterns []string) *recorder {
	r := &recorder{start: start}
	if !recordable(cmd.env, patterns) {
		return r
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return r
	}
	self, err := program()
	if err != nil {
		return r
	}
	key := sha256.New()
	fmt.Fprintf(key, "%q\n%q\n%q\n", self, cmd.dir, patterns)
	for _, name := range slices.Sorted(maps.Keys(cmd.env)) {
		if !strings.HasPrefix(name, "GOCACHE") {
			fmt.Fprintf(key, "%s=%q\n", name, cmd.env[name])
		}
	}
	r.path = filepath.Join(cache, "resilgen", hex.EncodeToString(key.Sum(nil)))
	return r
}

// recordable reports whether what decides which packages match can all be seen
// in folders and module files.
func recordable(env environment, patterns []string) bool {
	mod, flags := env["GOMOD"], env["GOFLAGS"]
	if mod == "" || mod == os.DevNull || strings.Contains(flags, "-modfile") || strings.Contains(flags, "-overlay") {
		return false
	}
	return !slices.ContainsFunc(patterns, func(pattern string) bool {
		_, isTree := root(pattern)
		return strings.HasSuffix(pattern, ".go") || !listable(pattern) && !isTree && !isPath(pattern)
	})
}

// isPath reports whether the go command looks for a pattern in the file system.
func isPath(pattern string) bool {
	first, _, _ := strings.Cut(filepath.ToSlash(pattern), "/")
	return first == "." || first == ".." || filepath.IsAbs(pattern)
}

// root is the folder below which a pattern of the file system matches.
func root(pattern string) (string, bool) {
	before, _, found := strings.Cut(filepath.ToSlash(pattern), "...")
	if !found || !isPath(pattern) {
		return "", false
	}
	return filepath.FromSlash(before[:strings.LastIndexByte(before, '/')+1]), true
}

// program identifies the running program.
var program = sync.OnceValues(func() (string, error) {
	if info, ok := debug.ReadBuildInfo(); ok {
		module := &info.Main
		for _, dep := range info.Deps {
			if dep.Path == modulePath {
				module = dep
			}
		}
		if module.Path == modulePath && module.Replace == nil && module.Sum != "" {
			return module.Version + module.Sum + info.GoVersion, nil
		}
	}
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return digest(path)
})

const modulePath = "github.com/resilgen/resilgen"

// upToDate returns the result of another run if all that the record is of is the
// same still, else nil.
func (r *recorder) upToDate() *Result {
	var old record
	if !r.recall(recordSuffix, &old) || !old.Seen.hold() {
		return nil
	}
	old.Result.Notes = []string{unchanged}
	return &old.Result
}

const (
	recordSuffix = ".run"
	unchanged    = "nothing has changed since the last run"
)

// remember keeps what may save the next run some work.
func (r *recorder) remember(l *loader, result *Result, written map[string][]byte) {
	w := r.witness(l, result, written)
	r.saveGraph(l, w)
	if len(result.Diagnostics) == 0 && len(result.Stale) == 0 {
		r.save(l, result, w)
	}
	r.saveListing(l, w)
}

// save records a run that left all outputs right. It does not if something may
// have changed while the run was looking at it.
func (r *recorder) save(l *loader, result *Result, w *witness) {
	if r.path == "" || l.cgo { // C headers are not looked at
		return
	}
	seen, err := l.seen()
	if err != nil {
		return
	}
	made := record{Result: *result}
	if made.Seen, err = w.digests(seen); err != nil {
		return
	}
	made.Result.Unchanged = slices.Concat(result.Written, result.Unchanged)
	made.Result.Written, made.Result.Removed, made.Result.Notes = nil, nil, nil
	slices.Sort(made.Result.Unchanged)
	r.keep(recordSuffix, made)
	expire(filepath.Dir(r.path), r.start.AddDate(0, -1, 0))
}

// recall reads what an earlier run kept, if there is such a file.
func (r *recorder) recall(suffix string, content any) bool {
	if r == nil || r.path == "" {
		return false
	}
	path := r.path + suffix
	text, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(text, content) != nil {
		return false
	}
	if info, err := os.Stat(path); err == nil && r.start.Sub(info.ModTime()) > 24*time.Hour {
		os.Chtimes(path, r.start, r.start) // so that it is not swept away
	}
	return true
}

// keep writes something to a file for later runs, if it can.
func (r *recorder) keep(suffix string, content any) {
	text, err := json.Marshal(content)
	if err == nil && os.MkdirAll(filepath.Dir(r.path), 0o700) == nil {
		replace(r.path+suffix, text)
	}
}

// expire removes the files of a folder that are older than a time.
func expire(dir string, oldest time.Time) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.ModTime().Before(oldest) {
			os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
