package load

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/resilgen/resilgen/generator/internal/output"
)

// A goCommand runs the go command in a folder.
type goCommand struct {
	dir string // the current one if empty
	env environment
	// cold says that the build cache is empty. The go command keeps an index of
	// packages there, which costs more than it saves if it must be written first.
	cold bool
}

// An environment holds the settings of the go command that decide which packages there
// are and what they hold.
type environment map[string]string

// workspace returns the path of the go.work file, empty if there is none.
func (e environment) workspace() string {
	if work := e["GOWORK"]; work != "off" {
		return work
	}
	return ""
}

// module returns the path of the go.mod file of the folder's module, empty if it is in
// none.
func (e environment) module() string {
	if mod := e["GOMOD"]; mod != os.DevNull {
		return mod
	}
	return ""
}

func newGoCommand(ctx context.Context, dir string) (*goCommand, error) {
	g := &goCommand{dir: dir}
	out, err := g.run(ctx, "env", "-json", "GOVERSION", "GOROOT", "GOMODCACHE", "GOCACHE", "GOCACHEPROG",
		"GOMOD", "GOWORK", "GOFLAGS", "GO111MODULE", "GOPATH", "GOEXPERIMENT", "GOOS", "GOARCH", "CGO_ENABLED",
		"GO386", "GOAMD64", "GOARM", "GOARM64", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &g.env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	g.cold = g.env["GOCACHEPROG"] == "" && isEmpty(g.env["GOCACHE"])
	return g, nil
}

// isEmpty reports whether a build cache holds almost nothing. Its files spread evenly
// over 256 folders; the first 16 are enough to tell.
func isEmpty(cache string) bool {
	for i := range 16 {
		f, err := os.Open(filepath.Join(cache, fmt.Sprintf("%02x", i)))
		if err != nil {
			continue
		}
		names, _ := f.Readdirnames(1)
		f.Close()
		if len(names) > 0 {
			return false
		}
	}
	return true
}

// A listedPackage is a package as go list describes it.
type listedPackage struct {
	Dir             string                             `json:",omitempty"`
	ImportPath      string                             `json:",omitempty"`
	Name            string                             `json:",omitempty"`
	ForTest         string                             `json:",omitempty"`
	Export          string                             `json:",omitempty"` // the file with its export data, if the build cache has one
	Imports         []string                           `json:",omitempty"`
	ImportMap       map[string]string                  `json:",omitempty"`
	Module          *struct{ GoMod, GoVersion string } `json:",omitempty"`
	GoFiles         []string                           `json:",omitempty"`
	CgoFiles        []string                           `json:",omitempty"`
	TestGoFiles     []string                           `json:",omitempty"`
	XTestGoFiles    []string                           `json:",omitempty"`
	IgnoredGoFiles  []string                           `json:",omitempty"`
	CompiledGoFiles []string                           `json:",omitempty"`
	Error           *struct{ Err string }              `json:",omitempty"`
}

const listFields = "Dir,ImportPath,Name,ForTest,Export,Imports,ImportMap,Module,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles,CompiledGoFiles,Error"

// list runs go list -e with flags for the packages that match patterns.
func (g *goCommand) list(ctx context.Context, flags, patterns []string) ([]*listedPackage, error) {
	var found []*listedPackage
	// A command line can hold 32 kB on Windows, and 128 kB or more on other systems.
	for len(patterns) > 0 {
		n, size := 0, 0
		for n < len(patterns) && (n == 0 || size+len(patterns[n]) < 24_000) {
			size += len(patterns[n]) + 3
			n++
		}
		args := append([]string{"list", "-e", "-json=" + listFields, "-buildvcs=false", "-pgo=off"}, flags...)
		args = append(append(args, "--"), patterns[:n]...)
		out, err := g.run(ctx, args...)
		if err != nil {
			return nil, err
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
			l := new(listedPackage)
			if err := dec.Decode(l); err != nil {
				return nil, fmt.Errorf("go list: %w", err)
			}
			// The first file tells the package's name. An output that is out of date may
			// have a wrong one.
			slices.SortStableFunc(l.GoFiles, func(a, b string) int { return cmp.Compare(likeOutput(a), likeOutput(b)) })
			found = append(found, l)
		}
		patterns = patterns[n:]
	}
	return found, nil
}

// likeOutput returns 1 for the names of outputs and 0 for others.
func likeOutput(name string) int {
	if _, ok := output.Source(name); ok {
		return 1
	}
	return 0
}

// unlisted returns the Go files of the package's folder that go list does not tell,
// because of an error.
func (l *listedPackage) unlisted() (names []string) {
	if l.Error == nil {
		return nil
	}
	known := slices.Concat(l.GoFiles, l.CgoFiles, l.TestGoFiles, l.XTestGoFiles, l.IgnoredGoFiles)
	entries, _ := os.ReadDir(l.Dir)
	for _, entry := range entries {
		if name := entry.Name(); filepath.Ext(name) == ".go" && !ignored(name) && !entry.IsDir() && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	return names
}

// graph lists packages with all that they import. With -n the go command tells which
// export data the build cache has, and compiles nothing.
func (g *goCommand) graph(ctx context.Context, packages []string) ([]*listedPackage, error) {
	flags := []string{"-deps"}
	if !g.cold {
		flags = append(flags, "-export", "-n")
	}
	return g.list(ctx, flags, packages)
}

// waitDelay is how long to wait, after the go command has ended, for processes that it
// has started: if it is a script, one of them may be the real go command.
const waitDelay = 2 * time.Second

// run runs the go command and returns what it prints. If it fails, the error is what
// it prints to stderr.
func (g *goCommand) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = g.dir
	cmd.WaitDelay = waitDelay
	if g.cold {
		cmd.Env = append(cmd.Environ(), "GODEBUG=goindex=0,"+os.Getenv("GODEBUG"))
	}
	var stderr firstBytes
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if message := strings.TrimSpace(stderr.text()); message != "" {
			return nil, errors.New(message)
		}
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}

// A firstBytes keeps the first 16 kB of what is written to it. With -n the go command
// prints long commands.
type firstBytes []byte

const maxStderr = 16_384

// text returns the lines that are complete, unless there is only one.
func (b firstBytes) text() string {
	if i := bytes.LastIndexByte(b, '\n'); len(b) == maxStderr && i >= 0 {
		b = append(b[:i:i], "\n(and more)"...)
	}
	return string(b)
}

// Write never fails.
func (b *firstBytes) Write(p []byte) (int, error) {
	if room := maxStderr - len(*b); room > 0 {
		*b = append(*b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
