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
	// The build cache is empty. Then the go command's own index of packages, which
	// it keeps there, costs more than it saves.
	cold bool
}

// An environment is what the go command is told by its settings and by where it
// runs, as far as that decides what packages there are and what is in them.
type environment map[string]string

// workspace is the path of the go.work file, empty if there is none.
func (e environment) workspace() string {
	if work := e["GOWORK"]; work != "off" {
		return work
	}
	return ""
}

// module is the path of the go.mod file of the folder's own module, empty if it
// is in none.
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

// isEmpty reports whether a build cache holds next to nothing: its files spread
// evenly over 256 folders, of which it looks into 16.
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

// A listed is a package as go list describes it.
type listed struct {
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

const fields = "Dir,ImportPath,Name,ForTest,Export,Imports,ImportMap,Module,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles,CompiledGoFiles,Error"

// list runs go list -e with flags, on the packages that patterns name.
func (g *goCommand) list(ctx context.Context, flags, patterns []string) ([]*listed, error) {
	var found []*listed
	// A command line holds 32 kB on Windows and 128 kB or more elsewhere.
	for len(patterns) > 0 {
		n, size := 0, 0
		for n < len(patterns) && (n == 0 || size+len(patterns[n]) < 24_000) {
			size += len(patterns[n]) + 3
			n++
		}
		args := append([]string{"list", "-e", "-json=" + fields, "-buildvcs=false", "-pgo=off"}, flags...)
		args = append(append(args, "--"), patterns[:n]...)
		out, err := g.run(ctx, args...)
		if err != nil {
			return nil, err
		}
		for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
			l := new(listed)
			if err := dec.Decode(l); err != nil {
				return nil, fmt.Errorf("go list: %w", err)
			}
			// The first file names the package, which a stale output may misname.
			slices.SortStableFunc(l.GoFiles, func(a, b string) int { return cmp.Compare(likeOutput(a), likeOutput(b)) })
			found = append(found, l)
		}
		patterns = patterns[n:]
	}
	return found, nil
}

// likeOutput is 1 for the names of outputs and 0 for others.
func likeOutput(name string) int {
	if _, ok := output.Source(name); ok {
		return 1
	}
	return 0
}

// lost are the Go files of the package's folder that go list says nothing of: it
// has come upon an error on its way to them.
func (l *listed) lost() (names []string) {
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

// graph lists packages with all that they import. With -n the go command says
// what export data the build cache holds, and compiles nothing.
func (g *goCommand) graph(ctx context.Context, packages []string) ([]*listed, error) {
	flags := []string{"-deps"}
	if !g.cold {
		flags = append(flags, "-export", "-n")
	}
	return g.list(ctx, flags, packages)
}

// waitDelay is how long to wait for what the go command has started, once it has
// ended itself: where it is a wrapper, that may be the real one.
const waitDelay = 2 * time.Second

// run runs the go command. What it has to say when it fails is the error.
func (g *goCommand) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = g.dir
	cmd.WaitDelay = waitDelay
	if g.cold {
		cmd.Env = append(cmd.Environ(), "GODEBUG=goindex=0,"+os.Getenv("GODEBUG"))
	}
	var stderr beginning
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if told := strings.TrimSpace(string(stderr)); told != "" {
			return nil, errors.New(told)
		}
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}

// A beginning keeps the first few kilobytes of what is written to it: -n prints
// long commands.
type beginning []byte

func (b *beginning) Write(p []byte) (int, error) {
	if room := 16_384 - len(*b); room > 0 {
		*b = append(*b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
