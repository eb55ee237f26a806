package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/resilgen/resilgen/annotations"
	"github.com/resilgen/resilgen/docs"
	"github.com/resilgen/resilgen/generator"
)

func TestDirectivesPageIsWhatTheCommandPrints(t *testing.T) {
	const path = "../../docs/directives.md"
	got := reference(annotations.References())
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-page +command; -update writes it):\n%s", path, diff)
	}
}

func TestLibrariesPageIsWhatTheCommandPrints(t *testing.T) {
	const path = "../../docs/libraries.md"
	got := librariesTable(generator.Libraries())
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-page +command; -update writes it):\n%s", path, diff)
	}
}

func TestLibrariesTableIsMarkdown(t *testing.T) {
	got := string(librariesTable([]generator.Library{{
		Name: "lib", Title: "Lib [v*]", Shown: []string{"example.com/a", "example.com/b"}, Attempts: 3, Switch: "lib.Off|lib.Quiet",
	}}))
	const want = "| lib  | Lib \\[v\\*] | example.com/a<br>example.com/b | the standard library | 3 calls in all; `lib.Off\\|lib.Quiet` stops it |\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A section of the page of errors.
type section struct {
	code   string
	blocks []string // of Go
}

func sections(t *testing.T) []section {
	t.Helper()
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	var list []section
	for _, text := range strings.Split(docs.Errors, "\n## ")[1:] {
		code, _, ok := strings.Cut(text, ": ")
		if !ok || !errorCode.MatchString(code) {
			t.Fatalf("a section begins with %.40q, not with a code and a colon", text)
		}
		s := section{code: code}
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			s.blocks = append(s.blocks, m[1])
		}
		list = append(list, s)
	}
	return list
}

// TestEveryErrorIsExplained compares the page with the constants in the sources.
func TestEveryErrorIsExplained(t *testing.T) {
	declared := map[string]string{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"testdata", ".git", "corpus"}, entry.Name()):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return errorCodes(path, declared)
	})
	if err != nil {
		t.Fatal(err)
	}
	var explained []string
	for _, s := range sections(t) {
		explained = append(explained, s.code)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(declared)), explained); diff != "" {
		t.Errorf("docs/errors.md (-in the sources +on the page, in order):\n%s", diff)
	}
}

// TestErrorIndex compares the index of the page with its sections, and the numbers
// that it says are not used with those that are missing.
func TestErrorIndex(t *testing.T) {
	index, _, _ := strings.Cut(docs.Errors, "\n## ")
	var indexed, explained, unused []string
	for _, m := range regexp.MustCompile(`(?m)^- \[(RG\d+)\]`).FindAllStringSubmatch(index, -1) {
		indexed = append(indexed, m[1])
	}
	next := 1
	for _, s := range sections(t) {
		explained = append(explained, s.code)
		number, err := strconv.Atoi(strings.TrimPrefix(s.code, "RG"))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case number == next+1:
			unused = append(unused, fmt.Sprintf("RG%03d", next))
		case number > next:
			unused = append(unused, fmt.Sprintf("RG%03d–RG%03d", next, number-1))
		}
		next = number + 1
	}
	if diff := cmp.Diff(explained, indexed); diff != "" {
		t.Errorf("docs/errors.md (-sections +index):\n%s", diff)
	}
	if want := strings.Join(unused, ", "); !strings.Contains(strings.Join(strings.Fields(index), " "), ": "+want+". ") {
		t.Errorf("docs/errors.md does not say that these numbers are not used: %s", want)
	}
}

// TestEveryErrorHasAScript looks for the codes in what scripts expect.
func TestEveryErrorHasAScript(t *testing.T) {
	var scripts bytes.Buffer
	paths, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	for _, s := range sections(t) {
		if !bytes.Contains(scripts.Bytes(), []byte("["+s.code)) {
			t.Errorf("no script in testdata expects %s", s.code)
		}
	}
}

// errorCodes adds the constants of one file that are error codes.
func errorCodes(path string, declared map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, spec := range decl.Specs {
			for _, value := range spec.(*ast.ValueSpec).Values {
				literal, ok := value.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				code, _ := strconv.Unquote(literal.Value)
				if !errorCode.MatchString(code) {
					continue
				}
				if other := declared[code]; other != "" {
					return fmt.Errorf("%s is declared in %s and in %s", code, other, path)
				}
				declared[code] = path
			}
		}
	}
	return nil
}

// imports are the packages that the examples may name.
var imports = map[string]string{
	"context": `"context"`,
	"errors":  `"errors"`,
	"io":      `"io"`,
	"resil":   `resil "github.com/resilgen/resilgen/runtime"`,
}

// TestErrorExamples generates from the examples of the page: the first of each
// section is refused with its code, the second is not refused.
func TestErrorExamples(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	t.Setenv("GOPROXY", "off")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	mod, sum := scratchModule(t, root)
	write("go.mod", string(mod))
	write("go.sum", string(sum))
	want := map[string]string{} // the one code of each folder
	for _, s := range sections(t) {
		if s.code >= "RG060" || len(s.blocks) == 0 && s.code == "RG040" {
			continue // the analyzer's, and what no source can show
		}
		if len(s.blocks) != 2 {
			t.Errorf("%s has %d examples, want what is refused and what is not", s.code, len(s.blocks))
			continue
		}
		for k, name := range []string{"refused", "accepted"} {
			folder := strings.ToLower(s.code) + name
			want[folder] = map[string]string{"refused": s.code, "accepted": ""}[name]
			var text bytes.Buffer
			text.WriteString("package example\n\nimport (\n")
			for _, name := range slices.Sorted(maps.Keys(imports)) {
				if strings.Contains(s.blocks[k], name+".") {
					fmt.Fprintln(&text, imports[name])
				}
			}
			text.WriteString(")\n\n" + s.blocks[k])
			write(filepath.Join(folder, "example.go"), text.String())
		}
	}
	result, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for folder := range want {
		got[folder] = ""
	}
	for _, d := range result.Diagnostics {
		t.Log(d)
		folder := filepath.Base(filepath.Dir(d.Pos.Filename))
		if got[folder] != d.Code {
			got[folder] += d.Code
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error codes by example (-want +got):\n%s", diff)
	}
}

func TestEveryLibraryHasAPage(t *testing.T) {
	index, err := os.ReadFile("../../docs/clients/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range generator.Libraries() {
		page := l.Name + ".md"
		if _, err := os.Stat("../../docs/clients/" + page); err != nil {
			t.Error(err)
		}
		if row := "](" + page + ") | `" + l.Name + "` |"; !strings.Contains(string(index), row) {
			t.Errorf("docs/clients/README.md has no row for %s", l.Name)
		}
	}
}
