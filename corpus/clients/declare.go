package main

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

const modulePath = "clients.test"

// A wrapped is a client with its declaration and what became of its methods.
type wrapped struct {
	client
	folder  string           // below the module
	methods *types.Interface // nil if the declaration names the type
	all     []string         // exported methods of the type
	off     []exclusion
	bare    bool // no directive reaches a method
}

// createModule writes a module without packages, which has the requirements of this one.
func createModule(folder string) error {
	goMod, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	text := regexp.MustCompile(`(?m)^module .*$`).ReplaceAllString(string(goMod), "module "+modulePath)
	text = strings.Replace(text, "=> ..", "=> "+root, 1)
	goSum, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	if err := put(filepath.Join(folder, "go.mod"), []byte(text)); err != nil {
		return err
	}
	return put(filepath.Join(folder, "go.sum"), goSum)
}

func put(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o666)
}

// find loads the types of clients.
func find(ctx context.Context, chosen []client) ([]*wrapped, error) {
	var paths []string
	for _, c := range chosen {
		if c.source == "" {
			pkg, _, _ := c.split()
			paths = append(paths, pkg)
		}
	}
	slices.Sort(paths)
	found, err := packages.Load(&packages.Config{
		Context: ctx,
		Mode:    packages.NeedName | packages.NeedImports | packages.NeedTypes | packages.NeedExportFile,
	}, slices.Compact(paths)...)
	if err != nil {
		return nil, err
	}
	byPath := map[string]*packages.Package{}
	for _, p := range found {
		byPath[p.PkgPath] = p
	}
	var list []*wrapped
	for i, c := range chosen {
		if c.source != "" {
			list = append(list, &wrapped{client: c, folder: fmt.Sprintf("c%02d", i)})
			continue
		}
		path, name, field := c.split()
		p := byPath[path]
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", path, p.Errors[0])
		}
		obj, ok := p.Types.Scope().Lookup(name).(*types.TypeName)
		if !ok {
			return nil, fmt.Errorf("package %s has no type %s", path, name)
		}
		w := &wrapped{client: c, folder: fmt.Sprintf("c%02d", i)}
		t := obj.Type()
		if field != "" {
			v, _, _ := types.LookupFieldOrMethod(t, true, p.Types, field)
			if v == nil {
				return nil, fmt.Errorf("%s.%s has no field %s", path, name, field)
			}
			t = v.Type()
		}
		if !types.IsInterface(t) {
			if _, ok := t.(*types.Pointer); !ok {
				t = types.NewPointer(t)
			}
		}
		var exported []*types.Func
		for m := range types.NewMethodSet(t).Methods() {
			if m.Obj().Exported() {
				w.all = append(w.all, m.Obj().Name())
				exported = append(exported, m.Obj().(*types.Func))
			}
		}
		if field != "" {
			w.methods = types.NewInterfaceType(exported, nil)
		}
		list = append(list, w)
	}
	return list, nil
}

// split returns the package, the type and the field of a client.
func (c client) split() (path, name, field string) {
	slash := strings.LastIndex(c.from, "/") + 1
	last := strings.Split(c.from[slash:], ".")
	// What begins with a capital letter is the type: gocql.Session, nats.go.Conn.
	for i, part := range last {
		if i > 0 && part != "" && part[0] >= 'A' && part[0] <= 'Z' {
			return c.from[:slash] + strings.Join(last[:i], "."), part, strings.Join(last[i+1:], ".")
		}
	}
	panic(c.from + " names no type")
}

// write writes the declaration of a client with its directives.
func (w *wrapped) write(folder string) error {
	var directives strings.Builder
	if w.methods == nil && w.source == "" {
		fmt.Fprintf(&directives, "//resil:interface Client from=%s\n", w.from)
	}
	for _, g := range guards {
		if !w.bare {
			fmt.Fprintf(&directives, "//resil:%s\n", g)
		}
	}
	off := map[string][]string{}
	for _, e := range w.off {
		if !slices.Contains(off[e.directive], e.method) {
			off[e.directive] = append(off[e.directive], e.method)
		}
	}
	for _, name := range []string{"timeout", "retry"} {
		if off[name] != nil {
			fmt.Fprintf(&directives, "//resil:%s off methods=%s\n", name, strings.Join(off[name], ","))
		}
	}
	var source bytes.Buffer
	fmt.Fprintf(&source, "package %s\n\n", w.folder)
	if w.source != "" {
		declared := strings.Replace(w.source, "type Client", directives.String()+"type Client", 1)
		source.WriteString(declared)
	} else if w.methods == nil {
		source.WriteString(directives.String())
	} else {
		imports := map[string]string{}
		var body bytes.Buffer
		for m := range w.methods.ExplicitMethods() {
			body.WriteString(m.Name())
			types.WriteSignature(&body, m.Signature(), func(p *types.Package) string {
				imports[p.Path()] = p.Name()
				return p.Name()
			})
			body.WriteString("\n")
		}
		for path, name := range imports {
			fmt.Fprintf(&source, "import %s %q\n", name, path)
		}
		fmt.Fprintf(&source, "\n%stype Client interface {\n%s}\n", directives.String(), body.String())
	}
	text, err := format.Source(source.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return put(filepath.Join(folder, w.folder, "client.go"), text)
}
