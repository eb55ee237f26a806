package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A declaration declares an interface of the corpus anew.
type declaration struct {
	of    *types.TypeName
	name  string
	form  form
	head  string   // the name with its type parameters
	body  string   // what stands after head
	rung  int      // how few directives it has
	turn  int      // which of a rung's directives it has
	names []string // of the methods that return an error
	funcs string   // those that its directives name
	lines [2]int   // where it stands in its file

	reason string // what refused it last
}

// A form is a way to declare an interface; each has a file of its own.
type form string

const (
	embedded form = "embedded"
	spelled  form = "spelled"
	defined  form = "defined"
	alias    form = "alias"
)

var forms = []form{embedded, spelled, defined, alias}

// declare writes a module with a package for each one of the corpus.
func (c *corpus) declare() error {
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
	if err := c.put("go.mod", []byte(text)); err != nil {
		return err
	}
	if err := c.put("go.sum", goSum); err != nil {
		return err
	}
	turn := 0
	for _, p := range c.packages {
		f := newFile(p)
		for _, obj := range p.interfaces {
			for _, form := range forms {
				if d := f.declare(obj, form); d != nil {
					d.turn = turn
					turn++
					p.declared = append(p.declared, d)
				}
			}
		}
		if err := c.write(p); err != nil {
			return err
		}
	}
	return nil
}

const modulePath = "wrapped.test"

func (c *corpus) put(name string, content []byte) error {
	name = filepath.Join(c.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o666)
}

// write writes the files of a package as its declarations stand.
func (c *corpus) write(p *surveyed) error {
	for _, form := range forms {
		f := newFile(p)
		var body bytes.Buffer
		for _, d := range p.declared {
			if d.form == form {
				f.spell(d)
				fmt.Fprintf(&body, "\n%stype %s %s\n%s", directives(d), d.head, d.body, d.funcs)
			}
		}
		if body.Len() == 0 {
			continue
		}
		source, err := format.Source(append([]byte(f.header()), body.Bytes()...))
		if err != nil {
			return fmt.Errorf("%s: %w", p.Path(), err)
		}
		name := path.Join(p.Path(), string(form)+".go")
		if err := c.put(name, source); err != nil {
			return err
		}
		locate(p, form, source)
	}
	return nil
}

// locate notes where the declarations of a file stand, directives included.
func locate(p *surveyed, form form, source []byte) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, parser.ParseComments)
	if err != nil {
		panic(err) // it has just been formatted
	}
	for _, decl := range file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		name := decl.Specs[0].(*ast.TypeSpec).Name.Name
		for _, d := range p.declared {
			if d.name == name && d.form == form {
				d.lines = [2]int{fset.Position(decl.Pos()).Line, fset.Position(decl.End()).Line}
				if decl.Doc != nil {
					d.lines[0] = fset.Position(decl.Doc.Pos()).Line
				}
			}
		}
	}
}

// A file knows what a file of declarations imports.
type file struct {
	of      *surveyed
	taken   map[string]bool   // names
	imports map[string]string // names by path
}

func newFile(p *surveyed) *file {
	f := &file{of: p, taken: map[string]bool{}, imports: map[string]string{}}
	for _, obj := range p.interfaces {
		for _, form := range forms {
			f.taken[nameOf(obj, form)] = true
		}
	}
	return f
}

// nameOf is what an interface is called in one of its forms.
func nameOf(obj *types.TypeName, form form) string {
	switch form {
	case embedded:
		return obj.Name()
	case alias:
		return strings.ToLower(obj.Name()[:1]) + obj.Name()[1:] + "_" // unexported
	}
	return obj.Name() + "_" + string(form)
}

func (f *file) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n", strings.TrimSuffix(f.of.Name(), "_test"))
	paths := make([]string, 0, len(f.imports))
	for p := range f.imports {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		fmt.Fprintf(&b, "import %s %q\n", f.imports[p], p)
	}
	return b.String()
}

// qualify names a package for the printer of go/types.
func (f *file) qualify(p *types.Package) string { return f.imported(p.Path(), p.Name()) }

// imported imports a package and returns what it is called.
func (f *file) imported(path, packageName string) string {
	name, ok := f.imports[path]
	if !ok {
		for i, stem := 2, packageName; name == "" || f.taken[name]; i++ {
			name = stem
			stem = fmt.Sprint(packageName, i)
		}
		f.imports[path], f.taken[name] = name, true
	}
	return name
}

// declare declares an interface, or returns nil if that form of it cannot be
// written.
func (f *file) declare(obj *types.TypeName, form form) *declaration {
	d := &declaration{of: obj, form: form, name: nameOf(obj, form)}
	iface := obj.Type().Underlying().(*types.Interface)
	for m := range iface.Methods() {
		if m.Exported() && returnsError(m) {
			d.names = append(d.names, m.Name())
		}
	}
	if !f.spell(d) {
		return nil
	}
	return d
}

// spell writes a declaration's head and body, importing what they name.
func (f *file) spell(d *declaration) bool {
	declared, args := f.typeParams(d), ""
	if declared != "" {
		var names []string
		for p := range d.typeParams().TypeParams() {
			names = append(names, p.Obj().Name())
		}
		args = "[" + strings.Join(names, ", ") + "]"
	}
	original := func() string { return f.qualify(d.of.Pkg()) + "." + d.of.Name() + args }
	switch d.form {
	case embedded:
		d.head, d.body = d.name+declared, "interface { "+original()+" }"
	case defined:
		d.head, d.body = d.name+declared, original()
	case alias:
		d.head, d.body = d.name+declared+" =", original()
	case spelled:
		var ok bool
		d.head = d.name + declared
		d.body, ok = f.literal(d)
		return ok
	}
	return true
}

func (d *declaration) typeParams() *types.TypeParamList {
	if generic, ok := d.of.Type().(interface{ TypeParams() *types.TypeParamList }); ok {
		return generic.TypeParams()
	}
	return nil
}

// typeParams writes an interface's type parameters.
func (f *file) typeParams(d *declaration) string {
	var params []string
	for p := range d.typeParams().TypeParams() {
		params = append(params, p.Obj().Name()+" "+types.TypeString(p.Constraint(), f.qualify))
	}
	if params == nil {
		return ""
	}
	return "[" + strings.Join(params, ", ") + "]"
}

// literal spells out an interface's methods, each with its directives. It fails
// where another package cannot write one of them.
func (f *file) literal(d *declaration) (text string, ok bool) {
	iface := d.of.Type().Underlying().(*types.Interface)
	if !iface.IsMethodSet() {
		return "", false
	}
	d.funcs = ""
	var b strings.Builder
	b.WriteString("interface {\n")
	for m := range iface.Methods() {
		if !m.Exported() {
			return "", false
		}
		var signature bytes.Buffer
		types.WriteSignature(&signature, m.Signature(), f.qualify)
		if !f.writable(signature.String()) {
			return "", false
		}
		comments, functions := f.methodDirectives(d, m)
		fmt.Fprintf(&b, "%s%s%s\n", comments, m.Name(), signature.String())
		d.funcs += functions
	}
	b.WriteString("}")
	return b.String(), true
}

// writable reports whether a signature names nothing that is unexported or
// internal elsewhere.
func (f *file) writable(signature string) bool {
	expr, err := parser.ParseExpr("func" + signature)
	if err != nil {
		panic(err) // it comes from a printer of Go types
	}
	ok := true
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ok = ok && n.Sel.IsExported()
			for p, name := range f.imports {
				ok = ok && (public(p) || name != n.X.(*ast.Ident).Name)
			}
		case *ast.StructType:
			ok = ok && allExported(n.Fields)
		case *ast.InterfaceType:
			ok = ok && allExported(n.Methods)
		}
		return ok
	})
	return ok
}

func allExported(fields *ast.FieldList) bool {
	return !slices.ContainsFunc(fields.List, func(field *ast.Field) bool {
		return slices.ContainsFunc(field.Names, func(name *ast.Ident) bool { return !name.IsExported() })
	})
}
