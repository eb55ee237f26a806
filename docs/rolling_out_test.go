package docs_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A day of traffic for the page, in a bubble where it takes no time: 20 orders a second, of
// which one in 500 takes long, and two searches.
const dayTest = `package orders

import (
	"context"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type backend struct{}

func (backend) GetOrder(_ context.Context, id int) (string, error) {
	time.Sleep(30 * time.Millisecond)
	if id%500 == 0 {
		time.Sleep(300 * time.Millisecond)
	}
	return "", nil
}

func (backend) FindOrders(_ context.Context, user int) ([]string, error) {
	time.Sleep(time.Duration(80+user%100) * time.Millisecond)
	return nil, nil
}

func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		orders, profile, err := New(backend{})
		if err != nil {
			t.Fatal(err)
		}
		var calls sync.WaitGroup
		for second := range 1800 {
			for n := range 20 {
				calls.Go(func() { orders.GetOrder(t.Context(), 20*second+n) })
			}
			for n := range 2 {
				calls.Go(func() { orders.FindOrders(t.Context(), 2*second+n) })
			}
			time.Sleep(time.Second)
		}
		calls.Wait()
		w := httptest.NewRecorder()
		profile.ServeHTTP(w, nil)
		if err := os.WriteFile("profile.json", w.Body.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		if s := orders.Resilience().Stats().Method("FindOrders"); s.WouldHedge == 0 || s.Hedges != 0 {
			t.Errorf("%+v", s)
		}
	})
}
`

// TestRollingOutPage runs the program that the page shows, and compares what explain prints.
func TestRollingOutPage(t *testing.T) {
	const path = "rolling-out.md"
	dir, rest := writeFiles(t, path)
	write(t, filepath.Join(dir, "traffic_test.go"), dayTest)
	goTest(t, dir)
	tool := filepath.Join(t.TempDir(), "resilgen")
	if out, err := exec.Command("go", "build", "-o", tool, "../cmd/resilgen").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, b := range rest {
		args, isOutput := strings.CutPrefix(b.mark, "output: ")
		if !isOutput {
			t.Errorf("the page has code that nobody runs or compiles:\n%s", b.text)
			continue
		}
		cmd := exec.Command(tool, strings.Fields(args)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, shown, _ := strings.Cut(string(out), "\nseen by") // what is above is on other pages
		shown = "seen by" + shown
		page := read(t, path)
		if *update {
			write(t, path, page[:b.start]+shown+page[b.end:])
		} else if b.text != shown {
			t.Errorf("the page says\n%s, and the command prints\n%s", b.text, shown)
		}
	}
}
