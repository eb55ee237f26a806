package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A bench is a module with many sources to run the command on as a process.
type bench struct {
	t       *testing.T
	dir     string
	env     []string
	outputs map[string][2]string // by path, for each version of the sources
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	env, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Fields(string(env))
	b := &bench{t: t, dir: t.TempDir(), outputs: map[string][2]string{}}
	home := t.TempDir()
	b.env = append(os.Environ(), "GOCACHE="+settings[0], "GOMODCACHE="+settings[1], "GOWORK=off", "GOFLAGS=-mod=mod",
		"HOME="+home, "XDG_CACHE_HOME="+home, "LocalAppData="+home)
	mod, sum := scratchModule(t, root)
	b.put("go.mod", string(mod))
	b.put("go.sum", string(sum))
	for version := range 2 {
		b.write(version)
		if out, err := b.command().CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for k := range sources {
			path := filepath.Join(b.dir, fmt.Sprintf("s%d_resil.go", k))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			both := b.outputs[path]
			both[version] = string(text)
			b.outputs[path] = both
		}
	}
	return b
}

const sources = 40

func (b *bench) put(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// write writes one of two versions of the sources.
func (b *bench) write(version int) {
	b.t.Helper()
	for k := range sources {
		b.put(fmt.Sprintf("s%d.go", k), fmt.Sprintf("package s\n\nimport \"context\"\n\n//resil:retry %d\ntype S%d interface {\n\tGet(context.Context) error\n}\n", version+2, k))
	}
}

func (b *bench) command() *exec.Cmd {
	return &exec.Cmd{Path: tool, Args: []string{"resilgen"}, Dir: b.dir, Env: b.env}
}

// version tells which of the versions each output is, if all are whole.
func (b *bench) versions() (count [2]int) {
	b.t.Helper()
	for path, both := range b.outputs {
		text, err := os.ReadFile(path)
		switch {
		case err != nil:
			b.t.Fatal(err)
		case string(text) == both[0]:
			count[0]++
		case string(text) == both[1]:
			count[1]++
		default:
			b.t.Fatalf("%s is neither old nor new:\n%s", path, text)
		}
	}
	return count
}

// A run that is killed leaves every output as it was or as it should be.
func TestKilledRunsLeaveWholeOutputs(t *testing.T) {
	b := newBench(t)
	start := time.Now()
	b.write(0)
	if out, err := b.command().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(start)
	rounds := 30
	if testing.Short() {
		rounds = 6
	}
	mixed := 0
	for round := range rounds {
		version := (round + 1) % 2
		b.write(version)
		cmd := b.command()
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			cmd.Wait()
		}()
		if round%3 == 0 { // at any moment
			select {
			case <-ended:
			case <-time.After(rand.N(whole)):
			}
		} else { // in the midst of writing
			for busy := true; busy; {
				select {
				case <-ended:
					busy = false
				default:
					busy = b.versions()[version] < 1+rand.N(sources)
				}
			}
		}
		cmd.Process.Kill()
		<-ended
		if count := b.versions(); count[0] > 0 && count[1] > 0 {
			mixed++
		}
		if stderr.Len() > 0 {
			t.Fatalf("the killed run said %s", stderr.String())
		}
	}
	if mixed == 0 {
		t.Error("no run was killed while it wrote")
	}
	for version := range 2 {
		b.write(version)
		if out, err := b.command().CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if count := b.versions(); count[version] != sources {
			t.Errorf("after a whole run %d outputs of %d are right", count[version], sources)
		}
	}
}

// Runs at once write the same outputs, one over the other.
func TestRunsAtOnceAgree(t *testing.T) {
	b := newBench(t)
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		version := round % 2
		b.write(version)
		var all [4]*exec.Cmd
		var said [len(all)]bytes.Buffer
		for k := range all {
			all[k] = b.command()
			all[k].Stderr = &said[k]
			if err := all[k].Start(); err != nil {
				t.Fatal(err)
			}
		}
		for k, cmd := range all {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, said[k].String())
			}
		}
		if count := b.versions(); count[version] != sources {
			t.Errorf("%d outputs of %d are right", count[version], sources)
		}
	}
	left, err := filepath.Glob(filepath.Join(b.dir, ".*"))
	if len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
