package docs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// indexed are the pages that docs/README.md must list, seen from this folder. The pages of
// single client libraries are listed in clients/README.md.
func indexed(t *testing.T) (list []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "clients/README.md", "../integrations/*/README.md", "../examples/*/README.md", "../CONTRIBUTING.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if path != "README.md" {
				list = append(list, filepath.ToSlash(path))
			}
		}
	}
	return list
}

// TestIndex looks for each page in the tables of docs/README.md, where it stands once.
func TestIndex(t *testing.T) {
	listed := map[string]int{}
	for line := range strings.Lines(read(t, "README.md")) {
		if strings.HasPrefix(line, "| [") {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				listed[m[1]]++
			}
		}
	}
	pages := indexed(t)
	for _, path := range pages {
		if n := listed[path]; n != 1 {
			t.Errorf("docs/README.md lists %s %d times; it must have one line in one of the tables", path, n)
		}
	}
	for path := range listed {
		if !slices.Contains(pages, path) {
			t.Errorf("docs/README.md lists %s, which is no page of the manual", path)
		}
	}
}

// TestClientsIndex looks for each page of a client library in docs/clients/README.md.
func TestClientsIndex(t *testing.T) {
	index := read(t, "clients/README.md")
	found, err := filepath.Glob("clients/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if name := filepath.Base(path); name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/clients/README.md does not link to %s", name)
		}
	}
}

// TestExamplesAreListed looks in docs/README.md for each program in examples.
func TestExamplesAreListed(t *testing.T) {
	programs, err := filepath.Glob("../examples/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range programs {
		dir := filepath.Base(filepath.Dir(path))
		line := "`go run ./examples/" + dir + "`"
		if _, err := os.Stat("../examples/" + dir + "/go.mod"); err == nil { // a module of its own
			line = "`go run -C examples/" + dir + " .`"
		}
		if !strings.Contains(read(t, "README.md"), line) {
			t.Errorf("docs/README.md does not say %s", line)
		}
	}
}

// TestReadmeLinks looks in README for the pages by which the three kinds of readers begin.
func TestReadmeLinks(t *testing.T) {
	_, more, _ := strings.Cut(read(t, readmePath), "\n## More\n")
	for _, path := range []string{"getting-started", "choosing-values", "testing", "editor-and-ci", "stats", "live-change", "README"} {
		if !strings.Contains(more, "](docs/"+path+".md)") {
			t.Errorf("More in README does not link to docs/%s.md", path)
		}
	}
}
