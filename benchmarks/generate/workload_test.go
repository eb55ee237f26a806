package main

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

func TestSourcesHoldAsManyInterfacesAsTheWorkload(t *testing.T) {
	for _, interfaces := range []int{1, 20, 200} {
		w := workload{interfaces: interfaces}
		found := 0
		for _, name := range w.packages() {
			source := w.source(name, 0)
			file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if formatted, err := format.Source(source); err != nil || !bytes.Equal(source, formatted) {
				t.Errorf("package %s is not as gofmt formats it", name)
			}
			if file.Name.Name != name {
				t.Errorf("package %s is named %s", name, file.Name.Name)
			}
			var names []string
			ast.Inspect(file, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok {
					names = append(names, spec.Name.Name)
					if methods := spec.Type.(*ast.InterfaceType).Methods.NumFields(); methods != 10 {
						t.Errorf("%s has %d methods, want 10", spec.Name.Name, methods)
					}
				}
				return true
			})
			if !slices.Equal(names, w.services()) {
				t.Errorf("got interfaces %q, want %q", names, w.services())
			}
			found += len(names)
		}
		if found != interfaces {
			t.Errorf("got %d interfaces, want %d", found, interfaces)
		}
	}
}

func TestEveryEditIsAnother(t *testing.T) {
	w := workload{interfaces: 20}
	if !bytes.Equal(w.source("p00", 1), w.source("p00", 1)) {
		t.Error("the same edit is not the same source")
	}
	if bytes.Equal(w.source("p00", 1), w.source("p00", 2)) {
		t.Error("two edits are the same source")
	}
}
