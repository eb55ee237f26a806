package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks returns README's code blocks in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("README has no code in %s", language)
	}
	return found
}

// trimmed takes the white space around each line away.
func trimmed(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

func TestReadmeCodeCompiles(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources.WriteString(trimmed(string(source)) + "\n")
	}
	for _, block := range blocks(t, "go") {
		if !strings.Contains(sources.String(), trimmed(block)) {
			t.Errorf("no file of the quickstart has these lines of README:\n%s", block)
		}
	}
}

// TestReadmeCommands runs the commands by which README adds resilgen to a module,
// in a module of its own that has the quickstart's hand-written files.
func TestReadmeCommands(t *testing.T) {
	var commands string
	for _, block := range blocks(t, "sh") {
		if strings.Contains(block, "go generate") {
			commands = block
		}
	}
	if commands == "" {
		t.Fatal("README does not show go generate")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(root, filepath.Join(dir, "resilgen")); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
	module := filepath.Join(dir, "quickstart")
	if err := os.Mkdir(module, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"users.go", "directory.go", "http.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(module, name), string(source))
	}
	write(t, filepath.Join(module, "main.go"), "package main\n\nfunc main() { _, _ = NewResilientUserClient(newHTTPUsers(\"\")) }\n")
	write(t, filepath.Join(module, "go.mod"), "module example.com/quickstart\n\ngo 1.26\n")

	// What the module requires is downloaded here, so that nothing need be asked for
	// below: a proxy may refuse to say of a path that there is no such module.
	command(t, ".", nil, "go", "mod", "download")
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.URL.Path+" is refused", http.StatusForbidden)
	}))
	defer proxy.Close()
	for line := range strings.Lines(commands) {
		command(t, module, []string{"GOPROXY=" + proxy.URL, "GOSUMDB=off", "GOFLAGS=", "GOWORK=off"}, strings.Fields(line)...)
	}
	if _, err := os.Stat(filepath.Join(module, "users_resil.go")); err != nil {
		t.Error(err)
	}
}

func command(t *testing.T, dir string, env []string, words ...string) {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
