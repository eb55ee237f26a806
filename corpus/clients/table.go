package main

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/resilgen/resilgen/generator"
	"github.com/resilgen/resilgen/generator/explain"
)

// kinds are what becomes of methods, in the order of the table.
var kinds = []struct{ column, title string }{
	{"retried", "Retried"},
	{byName, "Not retried, by name"},
	{byLibrary, "Not retried, by what is known of the library"},
	{usesUp, "Not retried, because the first attempt uses up a parameter"},
	{endless, "No timeout, because it runs as long as its caller wants"},
	{usedAfter, "No timeout, because the result is used after the call"},
	{"noContext", "Delegated: no context"},
	{"silent", "Delegated: the result does not say whether the call has failed"},
	{"omitted", "Left out: no other package can name its types"},
	{"token", "With an idempotency token"},
	{"held", "The result outlives the call"},
}

const head = `<!-- Written by: cd corpus && go run ./clients -update -->

# What is refused for real clients

Each type here got a timeout, a retry, a breaker and a limit for all of its methods, and
after each refusal the line that it says to write. The wrappers were built and vetted.

Guarded are the methods that the breaker and the limit reach. Of them, some are not
retried: by name, by what is known of the library, or because a first attempt uses up a
parameter. Some get no timeout. The other methods are delegated, because they take no
context or their result does not say whether the call has failed.

| client | methods | guarded | retried | not: by name | by library | uses up | no timeout | no context | result silent | left out | tokens | outlive |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
`

// wrap wraps clients in a module in folder, and returns the table.
func wrap(ctx context.Context, folder string, chosen []client) ([]byte, error) {
	if err := createModule(folder); err != nil {
		return nil, err
	}
	list, err := find(ctx, chosen)
	if err != nil {
		return nil, err
	}
	// Indirect requirements in this go.mod are direct ones in the module of the wrappers.
	if err := os.Setenv("GOFLAGS", "-mod=mod"); err != nil {
		return nil, err
	}
	for _, w := range list {
		if err := w.write(folder); err != nil {
			return nil, err
		}
	}
	if err := generate(ctx, folder, list); err != nil {
		return nil, err
	}
	for _, verb := range []string{"build", "vet"} {
		cmd := exec.CommandContext(ctx, "go", verb, "-p", "1", "./...")
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go %s: %v\n%s", verb, err, out)
		}
	}
	return table(ctx, folder, list)
}

// table returns the table of clients that are wrapped.
func table(ctx context.Context, folder string, list []*wrapped) ([]byte, error) {
	explained, err := explain.Packages(ctx, generator.Config{Dir: folder, Patterns: []string{"./..."}})
	if err != nil {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     folder,
		Mode:    packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedImports | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedExportFile,
	}, "./...")
	if err != nil {
		return nil, err
	}
	var rows, sections bytes.Buffer
	totals := make([]int, 12)
	for _, w := range list {
		var methods map[string][]string
		guarded := 0
		for _, p := range loaded {
			for _, i := range explained.Interfaces {
				if p.Name == w.folder && i.Package == p.PkgPath {
					methods, guarded = w.sort(p, i)
				}
			}
		}
		if methods == nil {
			return nil, fmt.Errorf("%s has no wrapper", w.name)
		}
		total := guarded + len(methods["noContext"]) + len(methods["silent"]) + len(methods["omitted"])
		n := func(kind string) int { return len(methods[kind]) }
		counts := []int{total, guarded, n("retried"), n(byName), n(byLibrary), n(usesUp), n(endless) + n(usedAfter), n("noContext"), n("silent"), n("omitted"), n("token"), n("held")}
		row(&rows, w.name, counts)
		for i := range counts {
			totals[i] += counts[i]
		}
		declared := "`" + w.from + "`"
		if w.source != "" {
			declared = "declared in the list of clients"
		}
		fmt.Fprintf(&sections, "\n## %s\n\n%s\n", w.name, declared)
		for _, k := range kinds {
			if methods[k.column] != nil {
				fmt.Fprintf(&sections, "\n%s (%d):\n%s\n", k.title, n(k.column), wrapped100(methods[k.column]))
			}
		}
	}
	row(&rows, "all", totals)
	return slices.Concat([]byte(head), rows.Bytes(), sections.Bytes()), nil
}

func row(b *bytes.Buffer, name string, counts []int) {
	fmt.Fprintf(b, "| %s |", name)
	for _, n := range counts {
		if n == 0 {
			b.WriteString(" |")
		} else {
			fmt.Fprintf(b, " %d |", n)
		}
	}
	b.WriteString("\n")
}

// wrapped100 joins words by commas, in lines of at most 100 characters.
func wrapped100(words []string) string {
	var b strings.Builder
	width := 0
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		switch {
		case i > 0 && width+1+len(word) > 100:
			b.WriteString("\n")
			width = 0
		case i > 0:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String()
}

// sort sorts the methods of a client by what became of them, and counts those that are
// guarded.
func (w *wrapped) sort(p *packages.Package, i explain.Interface) (methods map[string][]string, guarded int) {
	methods = map[string][]string{}
	add := func(kind, method string) { methods[kind] = append(methods[kind], method) }
	iface := p.Types.Scope().Lookup("Client").Type().Underlying().(*types.Interface)
	bodies := bodiesOf(p)
	for _, m := range i.Methods {
		obj, _, _ := types.LookupFieldOrMethod(iface, false, p.Types, m.Name)
		reaches := func(name string) bool {
			return slices.ContainsFunc(m.Directives, func(d explain.Directive) bool { return d.Name == name })
		}
		switch {
		case reaches("breaker"):
			guarded++
		case !takesContext(obj.(*types.Func).Signature()):
			add("noContext", m.Name)
		default:
			add("silent", m.Name)
		}
		if reaches("retry") {
			add("retried", m.Name)
		}
		for _, name := range []string{"retry", "timeout"} {
			if why := w.whyNot(name, m.Name); why != "" {
				add(why, m.Name)
			}
		}
		called := bodies[m.Name]
		if called["Token"] {
			add("token", m.Name)
		}
		for name := range called {
			if strings.HasPrefix(name, "hold") || strings.HasPrefix(name, "Hold") || strings.HasPrefix(name, "NewHold") {
				add("held", m.Name)
				break
			}
		}
	}
	for _, name := range w.all {
		if !slices.ContainsFunc(i.Methods, func(m explain.Method) bool { return m.Name == name }) {
			add("omitted", name)
		}
	}
	for _, names := range methods {
		slices.Sort(names)
	}
	return methods, guarded
}

// bodiesOf returns the functions of the runtime and of the package that each method of the
// wrapper calls.
func bodiesOf(p *packages.Package) map[string]map[string]bool {
	bodies := map[string]map[string]bool{}
	for _, file := range p.Syntax {
		if filepath.Base(p.Fset.Position(file.Package).Filename) != "client_resil.go" {
			continue
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			called := map[string]bool{}
			ast.Inspect(fn, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					switch f := ast.Unparen(call.Fun).(type) {
					case *ast.Ident:
						called[f.Name] = true
					case *ast.SelectorExpr:
						if of, ok := f.X.(*ast.Ident); ok && of.Name == "resil" {
							called[f.Sel.Name] = true
						}
					}
				}
				return true
			})
			bodies[fn.Name.Name] = called
		}
	}
	return bodies
}

// takesContext reports whether a method takes a context, or a request, which has one.
func takesContext(sig *types.Signature) bool {
	for p := range sig.Params().Variables() {
		if name := p.Type().String(); name == "context.Context" || name == "*net/http.Request" {
			return true
		}
	}
	return false
}
