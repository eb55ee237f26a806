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

// A record is what a run has looked at that left every output right. As long as
// it all looks the same there is nothing to do. It holds content only: times of
// files decide nothing but whether a record is made.
type record struct {
	Seen   digests
	Result json.RawMessage
}

// A recorder keeps the record of the runs of one program in one folder, with the
// same patterns and environment. Where it cannot, that is no error.
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
	flags := env["GOFLAGS"]
	modules := env["GOMOD"] != "" && (env.module() != "" || env.workspace() != "")
	if !modules || strings.Contains(flags, "-modfile") || strings.Contains(flags, "-overlay") {
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

const recordSuffix = ".run"

// Recall sets result to what an earlier run has left, if all that it looked at is
// the same still and left nothing to do. Else it reports false.
func (l *Loader) Recall(result any) bool {
	var old record
	return l.recorder.recall(recordSuffix, &old) && old.Seen.hold() && json.Unmarshal(old.Result, result) == nil
}

// A Done is what a run has done with the packages.
type Done struct {
	Result  any               // what to recall; nil if something is left to do or to tell
	Written map[string][]byte // outputs that are new or changed, by path
	Outputs []string          // those that were there and stay
	Removed []string
}

// Remember keeps what may spare the next run some work.
func (l *Loader) Remember(done Done) {
	if l.recorder.path == "" {
		return
	}
	w := l.witness(done)
	l.saveGraph(w)
	if done.Result != nil {
		l.save(done.Result, w)
	}
	l.saveListing(w)
}

// save records a run that left all outputs right. It does not if something may
// have changed while the run was looking at it.
func (l *Loader) save(result any, w *witness) {
	if l.cgo { // C headers are not looked at
		return
	}
	seen, err := l.seen(w)
	if err != nil {
		return
	}
	var made record
	if made.Seen, err = w.digests(seen); err != nil {
		return
	}
	if made.Result, err = json.Marshal(result); err == nil {
		l.recorder.keep(recordSuffix, made)
	}
	l.recorder.expire()
}

// recall reads what an earlier run kept, if there is such a file.
func (r *recorder) recall(suffix string, content any) bool {
	if r.path == "" {
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
		output.Replace(r.path+suffix, text)
	}
}

// expire removes what no run has recalled for a month.
func (r *recorder) expire() {
	dir, oldest := filepath.Dir(r.path), r.start.AddDate(0, -1, 0)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.ModTime().Before(oldest) {
			os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
