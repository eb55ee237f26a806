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

// A declaration declares an interface of the corpus again.
type declaration struct {
	original *types.TypeName
	name     string
	form     form
	head     string   // the name with its type parameters
	body     string   // what stands after head
	step     int      // index in steps: how many directives it has
	variant  int      // selects the directives of the step
	methods  []string // names of the methods that return an error
	funcs    string   // source of the functions that its directives name
	lines    [2]int   // first and last line in its file

	reason string // message of its last refusal
}

// A form is a way to declare an interface. Each form has a file of its own in a
// package.
type form string

const (
	embedded form = "embedded" // interface { pkg.I }
	literal  form = "literal"  // interface { M() }
	defined  form = "defined"  // type I pkg.I
	alias    form = "alias"    // type I = pkg.I
)

var forms = []form{embedded, literal, defined, alias}

// createModule writes a module without packages, which has the requirements of this one.
func (c *corpus) createModule() error {
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
	return c.put("go.sum", goSum)
}

// declare writes a module with a package for each package of the corpus.
func (c *corpus) declare() error {
	if err := c.createModule(); err != nil {
		return err
	}
	variant := 0
	for _, p := range c.packages {
		f := newFile(p)
		for _, obj := range p.interfaces {
			for _, form := range forms {
				if d := f.declare(obj, form); d != nil {
					d.variant = variant
					variant++
					p.declarations = append(p.declarations, d)
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

// put writes a file below the folder of the corpus.
func (c *corpus) put(name string, content []byte) error {
	name = filepath.Join(c.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o666)
}

// write writes the files of a package with its declarations.
func (c *corpus) write(p *corpusPackage) error {
	for _, form := range forms {
		f := newFile(p)
		var body bytes.Buffer
		for _, d := range p.declarations {
			if d.form == form {
				f.print(d)
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

// locate sets the lines of the declarations in a file, with their directives.
func locate(p *corpusPackage, form form, source []byte) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, parser.ParseComments)
	if err != nil {
		panic(err) // format.Source has parsed it
	}
	for _, decl := range file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		name := decl.Specs[0].(*ast.TypeSpec).Name.Name
		for _, d := range p.declarations {
			if d.name == name && d.form == form {
				d.lines = [2]int{fset.Position(decl.Pos()).Line, fset.Position(decl.End()).Line}
				if decl.Doc != nil {
					d.lines[0] = fset.Position(decl.Doc.Pos()).Line
				}
			}
		}
	}
}

// A file has the imports of a file with declarations.
type file struct {
	pkg     *corpusPackage
	taken   map[string]bool   // names that imports cannot have
	imports map[string]string // names by path
}

func newFile(p *corpusPackage) *file {
	f := &file{pkg: p, taken: map[string]bool{}, imports: map[string]string{}}
	for _, obj := range p.interfaces {
		for _, form := range forms {
			f.taken[nameOf(obj, form)] = true
		}
	}
	return f
}

// nameOf returns the name of an interface in one of its forms.
func nameOf(obj *types.TypeName, form form) string {
	switch form {
	case embedded:
		return obj.Name()
	case alias:
		return strings.ToLower(obj.Name()[:1]) + obj.Name()[1:] + "_" // unexported
	}
	return obj.Name() + "_" + string(form)
}

// header returns the package clause and the imports.
func (f *file) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n", strings.TrimSuffix(f.pkg.Name(), "_test"))
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

// imported imports a package and returns its name in the file.
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
	d := &declaration{original: obj, form: form, name: nameOf(obj, form)}
	iface := obj.Type().Underlying().(*types.Interface)
	for m := range iface.Methods() {
		if m.Exported() && returnsError(m) {
			d.methods = append(d.methods, m.Name())
		}
	}
	if !f.print(d) {
		return nil
	}
	return d
}

// print sets a declaration's head and body, and imports the packages that they name. It
// returns false if this form of the interface cannot be written.
func (f *file) print(d *declaration) bool {
	declared, args := f.typeParams(d), ""
	if declared != "" {
		var names []string
		for p := range d.typeParams().TypeParams() {
			names = append(names, p.Obj().Name())
		}
		args = "[" + strings.Join(names, ", ") + "]"
	}
	original := func() string { return f.qualify(d.original.Pkg()) + "." + d.original.Name() + args }
	switch d.form {
	case embedded:
		d.head, d.body = d.name+declared, "interface { "+original()+" }"
	case defined:
		d.head, d.body = d.name+declared, original()
	case alias:
		d.head, d.body = d.name+declared+" =", original()
	case literal:
		var ok bool
		d.head = d.name + declared
		d.body, ok = f.methods(d)
		return ok
	}
	return true
}

// typeParams returns the type parameters of the interface. It is nil if there are none.
func (d *declaration) typeParams() *types.TypeParamList {
	if generic, ok := d.original.Type().(interface{ TypeParams() *types.TypeParamList }); ok {
		return generic.TypeParams()
	}
	return nil
}

// typeParams returns the source of an interface's type parameters, or "".
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

// methods returns the source of an interface literal with the methods, each with its
// directives. It returns false if another package cannot write one of the methods.
func (f *file) methods(d *declaration) (text string, ok bool) {
	iface := d.original.Type().Underlying().(*types.Interface)
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

// writable reports whether a signature names nothing that is unexported or internal in
// another package.
func (f *file) writable(signature string) bool {
	expr, err := parser.ParseExpr("func" + signature)
	if err != nil {
		panic(err) // go/types has printed it
	}
	ok := true
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ok = ok && n.Sel.IsExported()
			for p, name := range f.imports {
				ok = ok && (isPublic(p) || name != n.X.(*ast.Ident).Name)
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
