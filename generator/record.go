package generator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	Folders map[string]string // digests of the folders' Go files, by absolute path
	Files   map[string]string // digests of other files; none for those that are not there
	Result  Result
}

// A recorder keeps the record of the runs of one program in one folder, with the
// same patterns and environment. It is no error if it cannot.
type recorder struct {
	path  string    // empty if such runs are not recorded
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
	r.path = filepath.Join(cache, "resilgen", hex.EncodeToString(key.Sum(nil))+".json")
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
	text, err := os.ReadFile(r.path)
	if err != nil {
		return nil
	}
	var old record
	if err := json.Unmarshal(text, &old); err != nil || len(old.Folders) == 0 {
		return nil
	}
	var now witness
	same := func(then map[string]string, look func(string) (string, error)) bool {
		return forEach(slices.Collect(maps.Keys(then)), func(path string) error {
			seen, err := look(path)
			if err == nil && seen != then[path] {
				err = errChanged
			}
			return err
		}) == nil
	}
	if !same(old.Files, now.file) || !same(old.Folders, now.folder) {
		return nil
	}
	if info, err := os.Stat(r.path); err == nil && r.start.Sub(info.ModTime()) > 24*time.Hour {
		os.Chtimes(r.path, r.start, r.start) // so that it is not swept away
	}
	old.Result.Notes = []string{unchanged}
	return &old.Result
}

const unchanged = "nothing has changed since the last run"

var errChanged = errors.New("changed")

// save records a run that left all outputs right. It does not if something may
// have changed while the run was looking at it.
func (r *recorder) save(l *loader, result *Result, written map[string][]byte) {
	if r.path == "" || l.cgo { // C headers are not looked at
		return
	}
	w := witness{start: r.start, written: written, names: map[string]map[string]bool{}}
	for _, p := range l.matched {
		names := map[string]bool{}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles, p.IgnoredGoFiles) {
			names[name] = true
		}
		w.names[p.Dir] = names
	}
	seen, err := l.seen()
	if err != nil {
		return
	}
	made := record{Folders: map[string]string{}, Files: map[string]string{}, Result: *result}
	made.Result.Unchanged = slices.Concat(result.Written, result.Unchanged)
	made.Result.Written, made.Result.Removed, made.Result.Notes = nil, nil, nil
	slices.Sort(made.Result.Unchanged)
	for dir := range seen.folders {
		if made.Folders[dir], err = w.folder(dir); err != nil {
			return
		}
	}
	for path := range seen.files {
		if made.Files[path], err = w.file(path); err != nil {
			return
		}
	}
	text, err := json.Marshal(made)
	if err != nil || os.MkdirAll(filepath.Dir(r.path), 0o700) != nil {
		return
	}
	if replace(r.path, text) == nil {
		expire(filepath.Dir(r.path), r.start.AddDate(0, -1, 0))
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

// A witness makes digests. With a start it refuses to vouch for what was changed
// since, other than by the run itself.
type witness struct {
	start   time.Time
	written map[string][]byte          // outputs of the run, by path
	names   map[string]map[string]bool // of the Go files that go list saw in a folder
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
	sum := sha256.New()
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(dir, name)
		switch {
		case isTemporary(name):
			return "", errChanged // which a run is to clear away
		case ignored(name):
		case entry.IsDir():
			fmt.Fprintf(sum, "%q is a folder\n", name)
		case name == "go.mod" || strings.HasSuffix(name, ".go"):
			if names := w.names[dir]; names != nil && name != "go.mod" && !names[name] && w.written[path] == nil {
				return "", errChanged
			}
			content, err := w.file(path)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(sum, "%q holds %s\n", name, content)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// file is a digest of a file, empty if there is none.
func (w *witness) file(path string) (string, error) {
	if code := w.written[path]; code != nil {
		sum := sha256.Sum256(code)
		return hex.EncodeToString(sum[:]), nil
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
