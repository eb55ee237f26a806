package simulate

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resilgen/resilgen/benchmarks/internal/jitter"
	"github.com/resilgen/resilgen/internal/simulation"
)

var dir = flag.String("write", "", "write behaviour.md and its pictures into this `folder`")

func newWriter(t *testing.T) *writer {
	return &writer{
		bubble: func(f func()) { synctest.Test(t, func(*testing.T) { f() }) },
		logf:   t.Logf,
		played: map[string]records{},
		files:  map[string]string{},
	}
}

func TestWrite(t *testing.T) {
	if *dir == "" {
		t.Skip("make simulate writes the page")
	}
	if jitter.Seed == nil {
		t.Fatal("build with -tags=seeded -ldflags=-checklinkname=0, so that the page changes only if behaviour does")
	}
	if err := newWriter(t).write(*dir); err != nil {
		t.Fatal(err)
	}
}

// What the page says of failsafe-go is worth something only if its policies do what the
// page calls them.
func TestFailsafeGoDoesAsItIsTold(t *testing.T) {
	w := newWriter(t)
	down := func(p simulation.Policy) simulation.Scenario { return simulation.Partial(1, 20, 0, p) }
	for _, tt := range []struct {
		simulation.Scenario
		least, most float64 // attempts a call
	}{
		{down(failsafeGo{name: "nothing"}.policy()), 1, 1},
		{down(failsafeRetryAlways), 2.9, 3},
		{down(failsafeRetry), 2.9, 3}, // few retries are under way at once
		{simulation.Blip(1, failsafeRetry), 1.2, 1.6},
		{down(failsafeBreaker), 0.005, 0.02},
		{down(failsafeRetryBreaker), 0.005, 0.02},
	} {
		tt.Lasts = min(tt.Lasts, 40*time.Second)
		if got := w.playOnce(tt.Scenario, 1).Load(tt.Begins, tt.Lasts); got < tt.least || got > tt.most {
			t.Errorf("%s makes %.3f attempts a call, want %v to %v", tt.Policy.Name, got, tt.least, tt.most)
		}
	}
}

func TestThePageNamesTheVersionOfFailsafeGo(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "failsafe-go " + failsafeVersion + "\n"; !strings.Contains(string(mod), want) {
		t.Errorf("go.mod does not require %s", want)
	}
}
