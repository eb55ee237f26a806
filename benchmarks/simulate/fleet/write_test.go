package fleet

import (
	"flag"
	"testing"

	"github.com/resilgen/resilgen/benchmarks/internal/jitter"
)

var dir = flag.String("write", "", "write fleet-figures.md and its pictures into this `folder`")

func TestWrite(t *testing.T) {
	if *dir == "" {
		t.Skip("make simulate writes the page")
	}
	if jitter.Seed == nil {
		t.Fatal("build with -tags=seeded -ldflags=-checklinkname=0, so that the page changes only if behaviour does")
	}
	w := &writer{logf: t.Logf, played: map[string]*Record{}, files: map[string]string{}}
	if err := w.write(*dir); err != nil {
		t.Fatal(err)
	}
}
