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

// pattern is the source that workloads repeat: some imports, and one interface of
// ten methods whose doc comment ends right above it.
//
//go:embed graph/graph.go
var pattern string

const (
	perPackage  = 10 // interfaces, at most
	modulePath  = "example.com/workload"
	patternName = "Service"
)

// directives stand above every interface. Only their own tools read them.
const directives = `//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:breaker
//counterfeiter:generate . %s
`

// A workload is a module of interfaces to generate for. It depends on nothing but
// their number, the go.mod file it is made with, and its edits.
type workload struct {
	dir        string
	interfaces int
}

// create writes the module, which takes over the requirements of this one.
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

// edit writes all sources, each with something in it that only this edit has.
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

// source is the only file of a package.
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

// packages are the names of the packages, each of which holds as many interfaces
// as the others.
func (w workload) packages() []string {
	names := make([]string, max(w.interfaces/perPackage, 1))
	for i := range names {
		names[i] = fmt.Sprintf("p%02d", i)
	}
	return names
}

// services are the names of each package's interfaces.
func (w workload) services() []string {
	names := make([]string, min(w.interfaces, perPackage))
	for i := range names {
		names[i] = fmt.Sprintf("%s%02d", patternName, i)
	}
	return names
}
