package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestResilgenGeneratesTheWorkload(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a graph of 400 packages where the build cache does not hold them")
	}
	m := open(t)
	if err := m.build(t.Context(), "github.com/resilgen/resilgen/cmd/resilgen"); err != nil {
		t.Fatal(err)
	}
	own := slices.IndexFunc(contestants, func(c contestant) bool { return c.name == resil })
	held := newRace(m, t.TempDir(), row{20, edited}, contestants[own:own+1])
	if err := hold(t.Context(), []race{held}, effort{rounds: 1}); err != nil {
		t.Fatal(err)
	}
	x := held.find(resil)
	if x.peaks[0] < 1e6 {
		t.Errorf("resilgen took %v bytes of memory", x.peaks[0])
	}
	if _, err := m.run(t.Context(), command{dir: x.workload.dir, name: "go", args: []string{"build", "./..."}}); err != nil {
		t.Error(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...")
	list.Dir, list.Env = x.workload.dir, m.env
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), "\n"); n < 380 || n > 420 {
		t.Errorf("the graph has %d packages, which are not some 400", n)
	}
}

func TestContestantsRunAsOftenAsTheyMay(t *testing.T) {
	idle := []contestant{{name: "idle", commands: func(workload) []command { return nil }}}
	for _, tt := range []struct {
		name     string
		state    state
		patience time.Duration
		want     int
	}{
		{"all rounds", missing, time.Hour, 3},
		{"rounds with an empty build cache", empty, time.Hour, 2},
		{"once at least", missing, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			held := newRace(open(t), t.TempDir(), row{1, tt.state}, idle)
			if err := hold(t.Context(), []race{held}, effort{rounds: 3, cold: 2, patience: tt.patience}); err != nil {
				t.Fatal(err)
			}
			if got := len(held.entrants[0].seconds); got != tt.want {
				t.Errorf("got %d rounds, want %d", got, tt.want)
			}
		})
	}
}

func TestARaceStopsWhereOutputsAreMissing(t *testing.T) {
	idle := []contestant{{name: "idle", commands: func(workload) []command { return nil }, outputs: "mocks.go"}}
	err := hold(t.Context(), []race{newRace(open(t), t.TempDir(), row{20, missing}, idle)}, effort{rounds: 1})
	if want := "idle generated nothing for Service00 in package p00"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want it to say %q", err, want)
	}
}

func TestEachRunFindsTheWorkloadInItsState(t *testing.T) {
	for _, tt := range []struct {
		state           state
		outputs, edited bool // at each round
	}{
		{first, false, false},
		{missing, false, false},
		{edited, true, true},
		{unchanged, true, false},
		{empty, false, false},
	} {
		t.Run(string(tt.state), func(t *testing.T) {
			var sources []string
			var outputs []bool
			writer := contestant{name: "writer", outputs: "mocks.go", commands: func(w workload) []command {
				dir := filepath.Join(w.dir, "p00")
				source, err := os.ReadFile(filepath.Join(dir, sourceFile))
				if err != nil {
					t.Error(err)
				}
				_, err = os.Stat(filepath.Join(dir, "mocks.go"))
				sources, outputs = append(sources, string(source)), append(outputs, err == nil)
				if err := os.WriteFile(filepath.Join(dir, "mocks.go"), source, 0o666); err != nil {
					t.Error(err)
				}
				return nil
			}}
			held := newRace(open(t), t.TempDir(), row{1, tt.state}, []contestant{writer})
			if err := hold(t.Context(), []race{held}, effort{rounds: 2, cold: 2, patience: time.Hour}); err != nil {
				t.Fatal(err)
			}
			last := len(sources) - 1
			if edited := sources[last] != sources[last-1]; edited != tt.edited {
				t.Errorf("sources differ from one round to the next: %t, want %t", edited, tt.edited)
			}
			for _, there := range outputs[last-1:] {
				if there != tt.outputs {
					t.Errorf("outputs are there: %t, want %t", there, tt.outputs)
				}
			}
		})
	}
}

func TestOutputsAreRemovedAndSourcesAreNot(t *testing.T) {
	for _, c := range contestants {
		w := workload{dir: t.TempDir(), interfaces: 1}
		outputs := c.outputs
		if outputs == "" {
			outputs = resilgenOutputs // contestants that only load have the outputs of resilgen
		}
		source := filepath.Join(w.dir, "p00", sourceFile)
		output := filepath.Join(w.dir, "p00", strings.ReplaceAll(outputs, "*", "p00"))
		for _, file := range []string{source, output} {
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.removeOutputs(w); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(output); err == nil {
			t.Errorf("%s: %s is still there", c.name, output)
		}
		if _, err := os.Stat(source); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestTargetsSpeakOfWhatIsRaced(t *testing.T) {
	for _, x := range targets {
		if !slices.Contains(rows, x.row) || x.opponent != "" && !slices.Contains(rows, x.other) {
			t.Errorf("%s, %s: there is no such row", x.row, x.number)
		}
		if x.opponent != "" && !slices.ContainsFunc(contestants, func(c contestant) bool { return c.name == x.opponent }) {
			t.Errorf("%s, %s: there is no contestant %q", x.row, x.number, x.opponent)
		}
	}
}

func open(t *testing.T) module {
	m, err := openModule(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return m
}
