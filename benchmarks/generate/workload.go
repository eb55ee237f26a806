package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// pattern is the source that workloads repeat: imports, and one interface of ten
// methods with a doc comment.
//
//go:embed graph/graph.go
var pattern string

const (
	perPackage  = 10 // maximum number of interfaces
	modulePath  = "example.com/workload"
	patternName = "Service"
)

// directives stand above every interface. Each is read by one tool only.
const directives = `//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:idempotent
//resil:breaker
//counterfeiter:generate . %s
`

// A workload is a module with interfaces to generate for. Its content depends only on
// their number, the go.mod file that it is created from, and its edits.
type workload struct {
	dir        string
	interfaces int
}

// create writes the module. It has the requirements of the module m.
func (w workload) create(ctx context.Context, m module) error {
	if err := os.MkdirAll(w.dir, 0o777); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(m.dir, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), content, 0o666); err != nil {
			return err
		}
	}
	_, err := m.run(ctx, command{dir: w.dir, name: "go", args: []string{
		"mod", "edit", "-module=" + modulePath, "-replace=github.com/resilgen/resilgen=" + filepath.Dir(m.dir),
	}})
	if err != nil {
		return err
	}
	for _, name := range w.packages() {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o777); err != nil {
			return err
		}
	}
	return w.edit(0)
}

// edit writes all sources. They differ from those of another edit.
func (w workload) edit(n int) error {
	for _, name := range w.packages() {
		file := filepath.Join(w.dir, name, sourceFile)
		if err := os.WriteFile(file, w.source(name, n), 0o666); err != nil {
			return err
		}
	}
	return nil
}

const sourceFile = "service.go"

// source returns the content of a package's only file.
func (w workload) source(name string, edit int) []byte {
	head, declaration, _ := strings.Cut(pattern, "// A "+patternName)
	_, imports, _ := strings.Cut(head, "import (")
	comment, body, _ := strings.Cut("// A "+patternName+declaration, "type "+patternName+" ")
	var b bytes.Buffer
	fmt.Fprintf(&b, "package %s\n\nimport (%s", name, imports)
	for _, service := range w.services() {
		b.WriteString(strings.Replace(comment, patternName, service, 1))
		fmt.Fprintf(&b, directives, service)
		fmt.Fprintf(&b, "type %s %s\n", service, body)
	}
	fmt.Fprintf(&b, "const edit = %d\n", edit)
	return b.Bytes()
}

// packages returns the names of the packages. All have the same number of interfaces.
func (w workload) packages() []string {
	names := make([]string, max(w.interfaces/perPackage, 1))
	for i := range names {
		names[i] = fmt.Sprintf("p%02d", i)
	}
	return names
}

// services returns the names of the interfaces in each package.
func (w workload) services() []string {
	names := make([]string, min(w.interfaces, perPackage))
	for i := range names {
		names[i] = fmt.Sprintf("%s%02d", patternName, i)
	}
	return names
}
