package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
		if (strings.HasPrefix(line, "tool=") || strings.HasPrefix(line, "go tool ")) && strings.Contains(line, part) {
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
	line := documentedLine(t, "vet -c=3 -vettool")
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

// TestDocumentedChecksFail runs the checks of docs/editor-and-ci.md. Each succeeds on what
// is right and fails on a mistake, and where the module does not have the tool.
func TestDocumentedChecksFail(t *testing.T) {
	page, err := os.ReadFile("../../docs/editor-and-ci.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for _, line := range regexp.MustCompile(`go tool resilgen (?:-check|vet)[^"`+"`"+`\n]*`).FindAllString(string(page), -1) {
		lines[line] = true
	}
	if len(lines) < 4 {
		t.Errorf("the page has only %d checks", len(lines))
	}
	for line := range lines {
		if !strings.HasSuffix(line, "./...") { // spoken of
			continue
		}
		t.Run(line, func(t *testing.T) {
			name, source := "app.go", mistaken
			switch {
			case strings.Contains(line, "-goos=windows"):
				name = "app_windows.go"
			case strings.Contains(line, "-tags=integration"):
				source = "//go:build integration\n\n" + mistaken
			case strings.Contains(line, "-fix"):
				source = "package app\n\n//resil:\ntype Store interface{ Get() error }\n"
			}
			if out, failed := shell(t, line, name, source, true); !failed || !strings.Contains(out, "[RG0") {
				t.Errorf("a mistake is not found: %s", out)
			}
			if out, failed := shell(t, line, "app.go", right, true); failed {
				t.Errorf("it fails: %s", out)
			}
			if out, failed := shell(t, line, name, source, false); !failed || strings.Contains(out, "[RG0") {
				t.Errorf("without the tool it succeeds: %s", out)
			}
		})
	}
}

func TestDocumentedLineForAnotherSystem(t *testing.T) {
	line := documentedLine(t, "-goos=windows")
	if out, failed := shell(t, line, "app_windows.go", mistaken, true); !failed || !strings.Contains(out, "app_windows.go:3:1") {
		t.Errorf("a mistake is not found: %s", out)
	}
}
