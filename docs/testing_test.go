package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTestingPage runs the tests that the page shows. Then it takes the last attempt from
// what the first of them wants, and compares what that reports with the page.
func TestTestingPage(t *testing.T) {
	const path = "testing.md"
	page := read(t, path)
	dir := scratchModule(t)
	for _, b := range blocks(page) {
		file, isFile := strings.CutPrefix(b.mark, "file: ")
		switch {
		case isFile:
			write(t, filepath.Join(dir, file), b.text)
		case b.mark != "generated:difference":
			t.Errorf("the page has code that nobody runs or compiles:\n%s", b.text)
		}
	}
	if diagnostics := generate(t, dir); diagnostics != "" {
		t.Fatal(diagnostics)
	}
	run := func(names string) (string, error) {
		cmd := exec.Command("go", "test", "-run", names, ".")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("."); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	test := filepath.Join(dir, "users_test.go")
	source := read(t, test)
	less := regexp.MustCompile(`(?m)^\s*"(pause 200ms|attempt 3 success)",\n`).ReplaceAllString(source, "")
	write(t, test, less)
	out, err := run("TestGreetingAfterFailures")
	if err == nil {
		t.Fatalf("a test that wants an attempt less passes:\n%s", out)
	}
	_, report, _ := strings.Cut(out, ": resiltest: ")
	report, _, ok := strings.Cut(report, "FAIL\n")
	if !ok {
		t.Fatalf("the test reports no difference:\n%s", out)
	}
	report = "resiltest: " + strings.ReplaceAll(report, "\n        ", "\n")
	shown := marked(t, page, "generated:difference")
	if *update {
		write(t, path, page[:shown.start]+report+page[shown.end:])
		return
	}
	if shown.text != report {
		t.Errorf("the page says\n%s, and the test reports\n%s", shown.text, report)
	}
}
