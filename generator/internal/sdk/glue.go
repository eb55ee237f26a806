package sdk

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Func is a function of a library's glue.
type Func struct {
	Library *Library
	Suffix  string   // of its name, as in GRPC and HTTPResponse
	Doc     string   // what it does, as in "classifies the errors of gRPC by their status."
	Verb    string   // with which its name begins: classify or failed
	Result  string   // the type of its first parameter, with import paths; empty if that is error
	Makes   string   // the type of its result, with import paths; empty if that is resil.Verdict
	Imports []Import // the packages to which it refers, without the runtime, sorted by path

	Symbols []Symbol // of these packages, in the order of the source

	source  string
	name    span
	names   []name // that depend on where the function stands, in order
	locals  []string
	globals []string
}

// An Import is a package that glue refers to.
type Import struct {
	Path string
	Name string // the package's own
}

// A Symbol is a name of a package that glue refers to.
type Symbol struct {
	Path string // of the package
	Name string
}

// A span is a part of the source of a function.
type span struct{ start, end int }

// A name is an identifier in the source of a function.
type name struct {
	span
	importPath string // of a package; empty for a local name
}

const runtimePath = "github.com/resilgen/resilgen/runtime"

// Funcs returns the functions of a library's glue that classify, in the order of its
// source.
func (l *Library) Funcs() []*Func {
	return slices.DeleteFunc(slices.Clone(l.funcs()), func(f *Func) bool { return f.Makes != "" })
}

// Maker returns the function that makes a result of a type which holds an error. The type
// is written with import paths. It returns nil if no recipe has one.
func Maker(typ string) *Func {
	typ = Versionless(typ)
	for _, l := range all {
		for _, f := range l.funcs() {
			if f.Makes != "" && Versionless(f.Makes) == typ {
				return f
			}
		}
	}
	return nil
}

func (l *Library) funcs() []*Func {
	parsed, _ := glues.LoadOrStore(l, sync.OnceValue(l.parse))
	return parsed.(func() []*Func)()
}

var glues sync.Map // of func() []*Func, by *Library

// parse parses the glue. It panics if that is wrong, which a test excludes.
func (l *Library) parse() (funcs []*Func) {
	if l.Glue == "" {
		return nil
	}
	fset := token.NewFileSet()
	source := "package glue\n" + l.Glue
	file, err := parser.ParseFile(fset, l.Name, source, parser.ParseComments)
	if err != nil {
		panic(fmt.Sprintf("the glue of %s: %v", l.Name, err))
	}
	imports := map[string]Import{}
	for _, spec := range file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		local := path.Base(Versionless(p))
		if spec.Name != nil {
			local = spec.Name.Name
		}
		imports[local] = Import{Path: p, Name: local}
	}
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			funcs = append(funcs, l.newFunc(fset, source, fn, imports))
		}
	}
	return funcs
}

func (l *Library) newFunc(fset *token.FileSet, source string, fn *ast.FuncDecl, imports map[string]Import) *Func {
	start := fset.Position(fn.Pos()).Offset
	spanOf := func(n ast.Node) span {
		return span{fset.Position(n.Pos()).Offset - start, fset.Position(n.End()).Offset - start}
	}
	verb, rest := "classify", strings.TrimPrefix(fn.Name.Name, "classify")
	if makes, ok := strings.CutPrefix(fn.Name.Name, "failed"); ok {
		verb, rest = "failed", makes
	}
	f := &Func{Library: l, Verb: verb, Suffix: l.Ident + rest, source: source[start:fset.Position(fn.End()).Offset], name: spanOf(fn.Name)}
	selected := map[*ast.Ident]bool{} // names behind a dot, and fields
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			selected[n.Sel] = true
			if x, ok := n.X.(*ast.Ident); ok && x.Obj == nil {
				if imported, ok := imports[x.Name]; ok && imported.Path != runtimePath {
					f.Symbols = append(f.Symbols, Symbol{imported.Path, n.Sel.Name})
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				selected[key] = true
			}
		case *ast.InterfaceType:
			for _, method := range n.Methods.List {
				for _, id := range method.Names {
					selected[id] = true
				}
			}
		case *ast.Ident:
			imported, isImport := imports[n.Name]
			switch {
			case n == fn.Name, n.Name == "_", selected[n]:
			case n.Obj != nil:
				f.names = append(f.names, name{span: spanOf(n)})
				if !slices.Contains(f.locals, n.Name) {
					f.locals = append(f.locals, n.Name)
				}
			case isImport:
				f.names = append(f.names, name{spanOf(n), imported.Path})
				if imported.Path != runtimePath && !slices.Contains(f.Imports, imported) {
					f.Imports = append(f.Imports, imported)
				}
			default:
				f.globals = append(f.globals, n.Name)
			}
		}
		return true
	})
	slices.SortFunc(f.names, func(a, b name) int { return a.start - b.start })
	slices.SortFunc(f.Imports, func(a, b Import) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(f.globals)
	f.globals = slices.Compact(f.globals)
	f.Doc = strings.TrimPrefix(strings.Join(strings.Fields(fn.Doc.Text()), " "), fn.Name.Name+" ")
	typeOf := func(field *ast.Field) string {
		at := spanOf(field.Type)
		typ := f.source[at.start:at.end]
		star := typ[:len(typ)-len(strings.TrimLeft(typ, "*"))]
		for local, imported := range imports {
			if name, ok := strings.CutPrefix(typ[len(star):], local+"."); ok {
				return star + imported.Path + "." + name
			}
		}
		return typ
	}
	if typ := typeOf(fn.Type.Params.List[0]); typ != "error" {
		f.Result = typ
	}
	if typ := typeOf(fn.Type.Results.List[0]); typ != runtimePath+".Verdict" {
		f.Makes = typ
	}
	return f
}

// Globals returns the names of Go that the function uses.
func (f *Func) Globals() []string { return f.globals }

// Code returns the source of the function under another name. Import returns what the
// code is to call a package, and unused the name that it is to give to a variable.
func (f *Func) Code(as string, importName func(Import) string, unused func(string) string) string {
	packages := map[string]string{runtimePath: importName(Import{runtimePath, "resil"})}
	for _, i := range f.Imports {
		packages[i.Path] = importName(i)
	}
	locals := map[string]string{}
	for _, local := range f.locals {
		locals[local] = unused(local)
	}
	var code strings.Builder
	from := 0
	replace := func(s span, by string) {
		code.WriteString(f.source[from:s.start])
		code.WriteString(by)
		from = s.end
	}
	replace(f.name, as)
	for _, n := range f.names {
		if n.importPath != "" {
			replace(n.span, packages[n.importPath])
		} else {
			replace(n.span, locals[f.source[n.start:n.end]])
		}
	}
	code.WriteString(f.source[from:])
	return code.String()
}
