package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// documentedLine returns the line of docs/command.md that has a part.
func documentedLine(t *testing.T, part string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/command.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "tool=") && strings.Contains(line, part) {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("docs/command.md has no line with %q", part)
	return ""
}

// shell runs a line of the documentation in a module, with the source and the tool.
func shell(t *testing.T, line, name, source string, hasTool bool) (output string, failed bool) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the line is for a shell")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, sum := scratchModule(t, root)
	if !hasTool {
		mod = []byte(strings.ReplaceAll(string(mod), "tool "+modulePath, "// "+modulePath))
	}
	dir := t.TempDir()
	for file, text := range map[string]string{"go.mod": string(mod), "go.sum": string(sum), name: source} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off", "XDG_CACHE_HOME="+dir, "GOCACHE="+strings.TrimSpace(string(goCache)))
	out, err := cmd.CombinedOutput()
	return string(out), err != nil
}

const (
	mistaken = "package app\n\n//resil:retri 3\ntype Store interface{ Get() error }\n"
	right    = "package app\n"
)

func TestDocumentedVetLineFailsWithoutTheTool(t *testing.T) {
	line := documentedLine(t, "vet -vettool")
	if out, failed := shell(t, line, "app.go", mistaken, true); !failed || !strings.Contains(out, "[RG002]") {
		t.Errorf("a mistake is not found: %s", out)
	}
	if out, failed := shell(t, line, "app.go", right, true); failed {
		t.Errorf("it fails: %s", out)
	}
	if out, failed := shell(t, line, "app.go", right, false); !failed {
		t.Errorf("without the tool it succeeds: %s", out)
	}
}

func TestDocumentedLineForAnotherSystem(t *testing.T) {
	line := documentedLine(t, "GOOS=windows")
	if out, failed := shell(t, line, "app_windows.go", mistaken, true); !failed || !strings.Contains(out, "app_windows.go:3:1") {
		t.Errorf("a mistake is not found: %s", out)
	}
}
