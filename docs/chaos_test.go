package docs_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writeFiles writes the files that a page shows into a module, and generates. It
// returns the blocks that are no files.
func writeFiles(t *testing.T, path string) (dir string, rest []block) {
	t.Helper()
	dir = scratchModule(t)
	for _, b := range blocks(read(t, path)) {
		if file, isFile := strings.CutPrefix(b.mark, "file: "); isFile {
			write(t, filepath.Join(dir, file), b.text)
		} else {
			rest = append(rest, b)
		}
	}
	if diagnostics := generate(t, dir); diagnostics != "" {
		t.Fatal(diagnostics)
	}
	return dir, rest
}

// goTest runs the tests of a module.
func goTest(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("go", "test", "-count=1", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// serveTest asks for faults over HTTP, as the page's middleware has it.
const serveTest = `package users

import (
	"net/http"
	"net/http/httptest"
	"testing"

	resil "github.com/resilgen/resilgen/runtime"
)

func TestOnlyRequestsThatAskMeetFaults(t *testing.T) {
	t.Setenv("ENVIRONMENT", "staging")
	users, err := New(backend{})
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Resilience().SetChaos(resil.Chaos{"*": {Errors: 100 * resil.Percent}}); err != nil {
		t.Fatal(err)
	}
	handler := Chaos(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := users.GetName(r.Context(), 1); err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	for header, want := range map[string]int{"": 200, "on": 502} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Chaos", header)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("X-Chaos %q: %d, want %d", header, w.Code, want)
		}
	}
	t.Setenv("ENVIRONMENT", "production")
	users, _ = New(backend{})
	if err := users.Resilience().SetChaos(nil); err == nil {
		t.Error("production takes faults")
	}
}
`

// TestChaosPage runs the tests that the page shows, and one of its middleware.
func TestChaosPage(t *testing.T) {
	dir, rest := writeFiles(t, "chaos.md")
	for _, b := range rest {
		t.Errorf("the page has code that nobody runs or compiles:\n%s", b.text)
	}
	write(t, filepath.Join(dir, "serve_test.go"), serveTest)
	goTest(t, dir)
}
