package recipes

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The lines to copy from the page of a client are those that its folder here proves.
func TestPagesShowTheSourcesOfTheProof(t *testing.T) {
	pages, err := filepath.Glob("../../docs/clients/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if name == "README" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			source, err := os.ReadFile(filepath.Join(name, name+".go"))
			if err != nil {
				t.Fatal(err)
			}
			lines := block.FindSubmatch(text)
			if lines == nil {
				t.Fatalf("%s has no lines of Go", page)
			}
			if !strings.Contains(string(source), string(lines[1])) {
				t.Errorf("the first lines of Go in %s do not stand in %s.go", page, name)
			}
		})
	}
}
