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

// A scratch is a module with many sources, for tests that run the command as a process.
type scratch struct {
	t       *testing.T
	dir     string
	env     []string
	outputs map[string][2]string // by path, for each version of the sources
}

func newScratch(t *testing.T) *scratch {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	env, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Split(string(env), "\n")
	s := &scratch{t: t, dir: t.TempDir(), outputs: map[string][2]string{}}
	home := t.TempDir()
	s.env = append(os.Environ(), "GOCACHE="+settings[0], "GOMODCACHE="+settings[1], "GOWORK=off", "GOFLAGS=-mod=mod",
		"HOME="+home, "XDG_CACHE_HOME="+home, "LocalAppData="+home)
	mod, sum := scratchModule(t, root)
	s.put("go.mod", string(mod))
	s.put("go.sum", string(sum))
	for version := range 2 {
		s.write(version)
		if out, err := s.command().CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for k := range sources {
			path := filepath.Join(s.dir, fmt.Sprintf("s%d_resil.go", k))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			both := s.outputs[path]
			both[version] = string(text)
			s.outputs[path] = both
		}
	}
	return s
}

const sources = 40

func (s *scratch) put(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// write writes one of two versions of the sources.
func (s *scratch) write(version int) {
	s.t.Helper()
	for k := range sources {
		s.put(fmt.Sprintf("s%d.go", k), fmt.Sprintf("package s\n\nimport \"context\"\n\n//resil:retry %d\ntype S%d interface {\n\tGet(context.Context) error\n}\n", version+2, k))
	}
}

func (s *scratch) command() *exec.Cmd {
	return &exec.Cmd{Path: tool, Args: []string{"resilgen"}, Dir: s.dir, Env: s.env}
}

// versions counts the outputs of each version. It fails if one is of neither.
func (s *scratch) versions() (count [2]int) {
	s.t.Helper()
	for path, both := range s.outputs {
		text, err := os.ReadFile(path)
		switch {
		case err != nil:
			s.t.Fatal(err)
		case string(text) == both[0]:
			count[0]++
		case string(text) == both[1]:
			count[1]++
		default:
			s.t.Fatalf("%s is of neither version:\n%s", path, text)
		}
	}
	return count
}

// TestKilledRunsLeaveCompleteOutputs kills runs: each output stays as it was or is
// as it should be.
func TestKilledRunsLeaveCompleteOutputs(t *testing.T) {
	s := newScratch(t)
	start := time.Now()
	s.write(0)
	if out, err := s.command().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	duration := time.Since(start)
	rounds := 30
	if testing.Short() {
		rounds = 6
	}
	mixed := 0
	for round := range rounds {
		version := (round + 1) % 2
		s.write(version)
		cmd := s.command()
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
			case <-time.After(rand.N(duration)):
			}
		} else { // while it writes
			for busy := true; busy; {
				select {
				case <-ended:
					busy = false
				default:
					busy = s.versions()[version] < 1+rand.N(sources)
				}
			}
		}
		cmd.Process.Kill()
		<-ended
		if count := s.versions(); count[0] > 0 && count[1] > 0 {
			mixed++
		}
		if stderr.Len() > 0 {
			t.Fatalf("the killed run prints %s", stderr.String())
		}
	}
	if mixed == 0 {
		t.Error("no run was killed while it wrote")
	}
	for version := range 2 {
		s.write(version)
		if out, err := s.command().CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if count := s.versions(); count[version] != sources {
			t.Errorf("after a complete run %d outputs of %d are right", count[version], sources)
		}
	}
}

// TestConcurrentRunsAgree has runs write the same outputs at the same time.
func TestConcurrentRunsAgree(t *testing.T) {
	s := newScratch(t)
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		version := round % 2
		s.write(version)
		var all [4]*exec.Cmd
		var stderr [len(all)]bytes.Buffer
		for k := range all {
			all[k] = s.command()
			all[k].Stderr = &stderr[k]
			if err := all[k].Start(); err != nil {
				t.Fatal(err)
			}
		}
		for k, cmd := range all {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, stderr[k].String())
			}
		}
		if count := s.versions(); count[version] != sources {
			t.Errorf("%d outputs of %d are right", count[version], sources)
		}
	}
	left, err := filepath.Glob(filepath.Join(s.dir, ".*"))
	if len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
