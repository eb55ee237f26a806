package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages returns the paths of all pages, seen from this folder.
func pages(t *testing.T) []string {
	t.Helper()
	own, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(root, own)
}

// read returns a page's text, with LF line ends.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// write writes a file and the folders that it is in.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A block is a fenced block of a page.
type block struct {
	mark       string // what an HTML comment above it says
	language   string
	text       string
	start, end int // of text in the page
}

var fenced = regexp.MustCompile("(?m)(?:^<!-- ([^\n]*) -->\n)?^```([a-z]*)\n((?s:.*?))^```$")

func blocks(page string) (list []block) {
	for _, m := range fenced.FindAllStringSubmatchIndex(page, -1) {
		b := block{language: page[m[4]:m[5]], text: page[m[6]:m[7]], start: m[6], end: m[7]}
		if m[2] >= 0 {
			b.mark = page[m[2]:m[3]]
		}
		list = append(list, b)
	}
	return list
}

// marked returns the block below a comment.
func marked(t *testing.T, page, mark string) block {
	t.Helper()
	for _, b := range blocks(page) {
		if b.mark == mark {
			return b
		}
	}
	t.Fatalf("there is no block marked %q", mark)
	return block{}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks follows the links between pages, anchors included.
func TestLinks(t *testing.T) {
	anchors := map[string][]string{}
	for _, page := range pages(t) {
		for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			anchors[page] = append(anchors[page], anchor(m[1]))
		}
	}
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			path, fragment, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
				target = strings.TrimPrefix(target, filepath.Join("..", "docs")+string(filepath.Separator))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
			if fragment != "" && !slices.Contains(anchors[target], fragment) {
				t.Errorf("%s links to %s, and there is no such heading", page, m[1])
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// TestNames looks in package resil for what the pages call resil.Name.
func TestNames(t *testing.T) {
	files, err := filepath.Glob("../runtime/*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				declared[decl.Name.Name] = declared[decl.Name.Name] || decl.Recv == nil
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						declared[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							declared[name.Name] = true
						}
					}
				}
			}
		}
	}
	name := regexp.MustCompile(`\bresil\.([A-Z]\w*)`)
	for _, page := range pages(t) {
		for _, m := range name.FindAllStringSubmatch(read(t, page), -1) {
			if !declared[m[1]] {
				t.Errorf("%s speaks of %s, and package resil has no such name", page, m[0])
			}
		}
	}
}

// TestTargets looks in Makefile for the targets that the pages name.
func TestTargets(t *testing.T) {
	makefile := read(t, "../Makefile")
	target := regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)")
	for _, page := range pages(t) {
		for _, m := range target.FindAllStringSubmatch(read(t, page), -1) {
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
				t.Errorf("%s names make %s, and Makefile has no such target", page, m[1])
			}
		}
	}
}
