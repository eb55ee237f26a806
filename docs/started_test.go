package docs_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGettingStarted follows the page: it writes the files and runs the commands in
// their order. A text block below commands is what they print.
func TestGettingStarted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(root, filepath.Join(dir, "resilgen")); err != nil {
		t.Skipf("there are no symbolic links: %v", err)
	}
	module := filepath.Join(dir, "users")

	// The commands must not ask a proxy for this module, which is not published: a
	// proxy may refuse to say of a path that there is no such module.
	proxies, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/github.com/resilgen/") {
			http.Error(w, r.URL.Path+" is refused", http.StatusForbidden)
			return
		}
		http.NotFound(w, r) // so that the next proxy is asked
	}))
	defer proxy.Close()

	const path = "getting-started.md"
	page := read(t, path)
	var printed, updated strings.Builder
	copied := 0
	for _, b := range blocks(page) {
		file, isFile := strings.CutPrefix(b.mark, "file: ")
		switch {
		case isFile:
			write(t, filepath.Join(module, file), b.text)
		case b.language == "sh":
			if err := os.MkdirAll(module, 0o777); err != nil {
				t.Fatal(err)
			}
			var stderr strings.Builder
			printed.Reset()
			cmd := exec.Command(sh, "-ec", b.text)
			cmd.Dir = module
			cmd.Env = append(os.Environ(), "GOPROXY="+proxy.URL+","+strings.TrimSpace(string(proxies)),
				"GOFLAGS=-trimpath", // with it, a new folder needs no new compilation
				"GOWORK=off")
			cmd.Stdout, cmd.Stderr = &printed, &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%s%v\n%s%s", b.text, err, printed.String(), stderr.String())
			}
		case b.language == "text" && *update:
			updated.WriteString(page[copied:b.start] + printed.String())
			copied = b.end
		case b.language == "text":
			if printed.String() != b.text {
				t.Errorf("the page says\n%s, but the commands print\n%s", b.text, printed.String())
			}
		default:
			t.Errorf("the page has code that nobody runs or compiles:\n%s", b.text)
		}
	}
	if *update {
		write(t, path, updated.String()+page[copied:])
	}
}
