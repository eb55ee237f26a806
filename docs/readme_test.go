package docs_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/resilgen/resilgen/generator"
)

const readmePath = "../README.md"

// TestReadmeCode generates from the interface that README shows. The lines that it
// shows of the output, in groups with … between them, are there as they stand.
func TestReadmeCode(t *testing.T) {
	readme := read(t, readmePath)
	source := marked(t, readme, "users.go").text
	if page := marked(t, read(t, "getting-started.md"), "file: users.go").text; source != page {
		t.Error("users.go is not what getting-started.md begins with, which is compiled")
	}
	dir := scratchModule(t)
	write(t, filepath.Join(dir, "users.go"), source)
	if diagnostics := generate(t, dir); diagnostics != "" {
		t.Fatal(diagnostics)
	}
	output := read(t, filepath.Join(dir, "users_resil.go"))
	rest := output
	for _, group := range regexp.MustCompile(`(?m)^\s*// …\n`).Split(marked(t, readme, "generated:users_resil.go").text, -1) {
		for part := range strings.SplitSeq(strings.Trim(group, "\n"), "\n\n") {
			_, after, ok := strings.Cut("\n"+rest, "\n"+part+"\n")
			if !ok {
				t.Fatalf("README shows these lines, and the output does not have them there:\n%s\n\nThe output is:\n%s", part, output)
			}
			rest = after
		}
	}
}

// TestReadmeRefusal generates from the same interface without the directive that
// lets it pass.
func TestReadmeRefusal(t *testing.T) {
	readme := read(t, readmePath)
	without := strings.Replace(marked(t, readme, "users.go").text, "\t//resil:retry off\n", "", 1)
	dir := scratchModule(t)
	write(t, filepath.Join(dir, "users.go"), without)
	shown := marked(t, readme, "generated:refusal")
	got := strings.ReplaceAll(generate(t, dir), dir+string(filepath.Separator), "")
	if got == "" {
		t.Fatal("nothing is refused")
	}
	if *update {
		write(t, readmePath, readme[:shown.start]+got+readme[shown.end:])
		return
	}
	if shown.text != got {
		t.Errorf("README shows\n%s, and the message is\n%s", shown.text, got)
	}
}

// TestReadmeFigures compares the figures in README with docs/performance.md.
func TestReadmeFigures(t *testing.T) {
	calls, runs := "Retry + breaker + limiter", "200 interfaces in 20 packages, "
	want := fmt.Sprintf(`**Figures**: a successful call through retry, breaker and limit takes %s ns and %s allocations,
by hand %s ns, with failsafe-go %s ns and %s allocations. Wrappers for 200 interfaces are
generated in %s s, and a run with nothing to do takes %s s: [how this was measured](docs/performance.md).
`,
		figure(t, calls, "resilgen", "ns/call", 1), figure(t, calls, "resilgen", "allocs/call", 1),
		figure(t, calls, "by hand", "ns/call", 1), figure(t, calls, "failsafe-go", "ns/call", 1), figure(t, calls, "failsafe-go", "allocs/call", 1),
		figure(t, runs+"first run", "resilgen", "ms", 1000), figure(t, runs+"nothing changed", "resilgen", "ms", 1000))
	readme := read(t, readmePath)
	const begin, end = "<!-- figures -->\n", "<!-- end of figures -->"
	before, after, ok := strings.Cut(readme, begin)
	got, after, ok2 := strings.Cut(after, end)
	if !ok || !ok2 {
		t.Fatal("README has no place for figures")
	}
	if *update {
		write(t, readmePath, before+begin+want+end+after)
		return
	}
	if got != want {
		t.Errorf("README says\n%sand docs/performance.md\n%s", got, want)
	}
}

// figure is a number in one of the tables of docs/performance.md, by its unit.
func figure(t *testing.T, title, row, column string, unit float64) string {
	t.Helper()
	_, section, ok := strings.Cut(read(t, "performance.md"), "\n#### "+title+"\n")
	if !ok {
		t.Fatalf("performance.md has no table %q", title)
	}
	at := -1
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if strings.HasPrefix(line, "#") {
			break
		}
		for i, cell := range cells {
			if at < 0 && strings.TrimSpace(cell) == column {
				at = i
			}
		}
		if at < 0 || strings.TrimSpace(cells[min(1, len(cells)-1)]) != row {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(cells[at]), 64)
		if err != nil {
			t.Fatal(err)
		}
		if value /= unit; value < 10 {
			return strconv.FormatFloat(value, 'g', 2, 64)
		}
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	t.Fatalf("performance.md has no %s of %s in %q", column, row, title)
	return ""
}

// scratchModule makes a module that uses this one and finds everything else in the
// module cache.
func scratchModule(t *testing.T) (dir string) {
	t.Helper()
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	const path = "github.com/resilgen/resilgen"
	mod := "module example.com/users\n"
	for line := range strings.Lines(read(t, "../go.mod")) {
		if !strings.HasPrefix(line, "module ") && !strings.HasPrefix(line, "tool ") {
			mod += line
		}
	}
	write(t, filepath.Join(dir, "go.mod"), mod+"require "+path+" v0.0.0\nreplace "+path+" => "+root+"\n")
	write(t, filepath.Join(dir, "go.sum"), read(t, "../go.sum"))
	return dir
}

// generate generates in a folder and returns what is wrong, a line for each.
func generate(t *testing.T, dir string) string {
	t.Helper()
	result, err := generator.Run(t.Context(), generator.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, d := range result.Diagnostics {
		fmt.Fprintln(&lines, d)
	}
	return lines.String()
}

// TestReadmeIsShort keeps README a landing page. Comments are not seen.
func TestReadmeIsShort(t *testing.T) {
	page, _, ok := strings.Cut(read(t, readmePath), "\n## More\n")
	if lines := strings.Count(page, "\n") - strings.Count(page, "\n<!-- "); !ok || lines > 80 {
		t.Errorf("README has %d lines above More; it is a page and a half at most", lines)
	}
}
