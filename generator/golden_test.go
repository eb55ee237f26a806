package generator

import (
	"bytes"
	"flag"
	"go/format"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/generator/internal/emit"
	"github.com/resilgen/resilgen/generator/internal/load"
	"github.com/resilgen/resilgen/generator/internal/model"
	"github.com/resilgen/resilgen/generator/internal/output"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestGolden compares outputs with the ones beside the sources in
// testdata/golden.
func TestGolden(t *testing.T) {
	pkgs := loaded(t, "testdata/golden", "./...")
	outputs := 0
	for _, p := range pkgs {
		m := model.Build(t.Context(), p)
		for _, src := range m.Sources {
			for _, d := range src.Diagnostics {
				t.Error(d)
			}
			if len(src.Diagnostics) > 0 || len(src.Wrappers) == 0 {
				continue
			}
			outputs++
			got, err := emit.Source(src)
			if err != nil {
				t.Errorf("%s: %v", src.Path, err)
				continue
			}
			if clean, err := format.Source(got); err != nil || !bytes.Equal(got, clean) {
				t.Errorf("gofmt would change %s (%v)", src.Output, err)
			}
			if *update {
				if err := output.Replace(src.Output, got); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(src.Output)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-golden +emitted; -update writes it):\n%s", src.Output, diff)
			}
		}
	}
	if outputs < 10 {
		t.Errorf("%d golden files; are the packages there?", outputs)
	}
}

func loaded(t *testing.T, dir, pattern string) []*load.Package {
	t.Helper()
	l, err := load.New(t.Context(), dir, []string{pattern}, nil)
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err := l.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

// TestGoldenCompiles builds and vets the golden files with their packages: vet
// reads tests too, and the compiler refuses what the type checker does not.
func TestGoldenCompiles(t *testing.T) {
	for _, verb := range []string{"build", "vet"} {
		cmd := exec.CommandContext(t.Context(), "go", verb, "./...")
		cmd.Dir = "testdata/golden"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", verb, err, out)
		}
	}
}
