package model

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
)

// resolve finds the type that from= names and the methods that the interface is
// to have of it.
func (m *Package) resolve(d *Derived) {
	d.Methods, d.Omitted = nil, nil
	t := m.fromType(d)
	if t == nil {
		return
	}
	if i, ok := t.Underlying().(*types.Interface); !ok {
		if _, ok := types.Unalias(t).(*types.Pointer); !ok {
			t = types.NewPointer(t)
		}
	} else if !i.IsMethodSet() {
		d.wrong("%s is a constraint and no value has its type; name an interface of methods", d.Declaration.From)
		return
	}
	d.From = t
	d.Docs = map[string]Doc{}
	sound := map[string]*types.Func{}
	origins := map[string]*types.Func{}
	faults := map[string]string{}
	var names []string
	for method := range types.NewMethodSet(t).Methods() {
		fn := method.Obj().(*types.Func)
		sig := gosrc.Exposed(method.Type().(*types.Signature), gosrc.TypeObject(t).Pkg(), m.pkg.Types)
		names = append(names, fn.Name())
		origins[fn.Name()] = fn
		switch {
		case !fn.Exported() && fn.Pkg().Path() != m.pkg.Types.Path():
			faults[fn.Name()] = "it is unexported in package " + fn.Pkg().Path()
		case invalid(sig):
			faults[fn.Name()] = "its declaration does not compile"
		default:
			if bad := gosrc.Unwritable(sig, m.pkg.Types); bad != nil {
				faults[fn.Name()] = fmt.Sprintf("the type %s cannot be named in this package", bad)
			}
		}
		sound[fn.Name()] = types.NewFunc(d.Declaration.Pos(), m.pkg.Types, fn.Name(), validNames(sig))
	}
	if len(names) == 0 {
		d.wrong("%s has no methods", d.Declaration.From)
		return
	}
	chosen, problems := d.Declaration.Choose(m.pkg.Fset, names)
	d.problems = append(d.problems, problems...)
	for _, name := range chosen {
		why := faults[name]
		if why == "" {
			d.Methods = append(d.Methods, sound[name])
			d.Docs[name] = m.docs.of(m.pkg.Fset, origins[name])
		} else if pos, ok := d.Declaration.MethodPos(name); ok {
			d.report(codeDerived, pos, "%s cannot be a method of %s: %s", name, d.Declaration.Name, why)
		} else if ast.IsExported(name) {
			d.Omitted = append(d.Omitted, name)
		}
	}
	if len(d.Methods) > 0 || len(d.problems) > 0 {
		return
	}
	for _, name := range d.Omitted {
		d.wrong("%s has no method that an interface here could have: of %s, %s", d.Declaration.From, name, faults[name])
		return
	}
	d.wrong("%s has no exported methods; name in methods= those that the interface is to have", d.Declaration.From)
}

// spoken is a signature without the names that are none: export data calls some
// unnamed results #rv1.
func validNames(sig *types.Signature) *types.Signature {
	tuple := func(vars *types.Tuple) *types.Tuple {
		var list []*types.Var
		for v := range vars.Variables() {
			name := v.Name()
			if !token.IsIdentifier(name) {
				name = ""
			}
			list = append(list, types.NewParam(v.Pos(), v.Pkg(), name, v.Type()))
		}
		return types.NewTuple(list...)
	}
	return types.NewSignatureType(nil, nil, nil, tuple(sig.Params()), tuple(sig.Results()), sig.Variadic())
}

// wrong reports something about from=.
func (d *Derived) wrong(format string, args ...any) {
	d.report(codeDerived, d.Declaration.FromPos(), "from: "+format, args...)
}

// origin is the type that from= names, or nil if there is none, which has been
// reported.
func (m *Package) fromType(d *Derived) types.Type {
	name, args := d.Declaration.From, ""
	if i := strings.IndexByte(name, '['); i >= 0 {
		name, args = name[:i], name[i:]
	}
	if bare := strings.TrimLeft(name, "*&"); bare != name {
		d.wrong("name the type itself: from=%s; it has the methods of its pointer too", bare+args)
		return nil
	}
	qualifier, name, qualified := splitLast(name)
	if !token.IsIdentifier(name) {
		d.wrong("%q is no type; write its name, as in Client, s3.Client, import/path.Client or Cache[string,int]", d.Declaration.From)
		return nil
	}
	pkg := m.pkg.Types
	if qualified {
		if pkg = m.fromPackage(d, qualifier, name); pkg == nil {
			return nil
		}
	}
	obj := m.lookupType(d, pkg, name)
	if obj == nil {
		return nil
	}
	t := obj.Type()
	if args == "" {
		if generic, ok := t.(interface{ TypeParams() *types.TypeParamList }); ok && generic.TypeParams().Len() > 0 {
			example := "string" + strings.Repeat(",int", generic.TypeParams().Len()-1)
			d.wrong("%s is generic; write types for its parameters, as in from=%s[%s]", d.Declaration.From, d.Declaration.From, example)
			return nil
		}
	} else if t = m.instantiate(d, pkg, name, args); t == nil {
		return nil
	}
	if bad := gosrc.Unwritable(t, m.pkg.Types); bad != nil {
		d.wrong("the type %s cannot be named in this package", bad)
		return nil
	}
	return t
}

// qualifier finds the package that stands before a type's name: the name of an
// import of the file or the path of a package.
func (m *Package) fromPackage(d *Derived, qualifier, name string) *types.Package {
	pkg := gosrc.ImportNamed(m.pkg.TypesInfo, d.src.Syntax, qualifier)
	path := qualifier
	if pkg != nil {
		if pkg.Scope().Len() > 0 {
			return pkg
		}
		path = pkg.Path()
	}
	if pkg = m.packageAt(path); pkg != nil {
		return pkg
	}
	if path == qualifier && !strings.Contains(path, "/") {
		d.wrong("%s is neither an import of this file nor the path of a package; import it, or write from=import/path.%s", qualifier, name)
		return nil
	}
	reason := "no such package is known"
	if err := m.loadErrors[path]; err != nil {
		reason, _, _ = strings.Cut(err.Error(), "\n")
		reason = strings.TrimSuffix(reason, "; to add it:")
	}
	if strings.Contains(reason, "-mod=vendor") {
		vendor := "go mod vendor"
		if m.pkg.InWorkspace() {
			vendor = "go work vendor"
		}
		d.wrong("package %s is not vendored, as nothing imports it yet; import it once, as in import _ %q, and run: %s", path, path, vendor)
	} else {
		d.wrong("package %s cannot be loaded; run: go get %s (%s)", path, path, reason)
	}
	return nil
}

// typeName finds a type by its name.
func (m *Package) lookupType(d *Derived, pkg *types.Package, name string) *types.TypeName {
	local := pkg == m.pkg.Types
	if why := m.importProblem(pkg); why != "" {
		d.wrong("package %s cannot be imported here, for it %s", pkg.Path(), why)
		return nil
	}
	obj := pkg.Scope().Lookup(name)
	if imports := m.pkg.TypesInfo.Scopes[d.src.Syntax]; local && obj == nil && imports != nil {
		obj = imports.Lookup(name) // of a dot import
	}
	switch obj := obj.(type) {
	case *types.TypeName:
		if !local && !obj.Exported() {
			d.wrong("%s is unexported in package %s", name, pkg.Path())
			return nil
		}
		if local && !d.src.inTest() && m.inTest(obj) {
			d.wrong("%s is declared in a test, which other files do not see; declare it in a file that is no test", name)
			return nil
		}
		if local && name == d.Declaration.Name {
			d.wrong("%s is the interface itself; name the type that it is made from", name)
			return nil
		}
		return obj
	case nil:
	default:
		d.wrong("%s is %s; name a type", d.Declaration.From, kind(obj))
		return nil
	}
	var names []string
	for _, known := range pkg.Scope().Names() {
		if _, ok := pkg.Scope().Lookup(known).(*types.TypeName); ok && (local && known != d.Declaration.Name || ast.IsExported(known)) {
			names = append(names, known)
		}
	}
	hint := ""
	if near := directive.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	d.wrong("package %s has no type %s%s", pkg.Path(), name, hint)
	return nil
}

// instantiate gives a generic type its arguments, which are written as in the
// file.
func (m *Package) instantiate(d *Derived, pkg *types.Package, name, args string) types.Type {
	text := name + args
	if pkg != m.pkg.Types {
		text = "from." + text
	}
	expr, err := parser.ParseExprFrom(m.pkg.Fset, "from", text, parser.SkipObjectResolution)
	if err != nil {
		d.wrong("%s is no type; write its arguments as in Cache[string,int]", d.Declaration.From)
		return nil
	}
	scope := m.fileScope(d.src.Syntax, m.pkg.Fset.File(expr.Pos()))
	if pkg != m.pkg.Types {
		types.NewScope(scope, scope.Pos(), scope.End(), "from").Insert(types.NewPkgName(token.NoPos, m.pkg.Types, "from", pkg))
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	err = types.CheckExpr(m.pkg.Fset, m.pkg.Types, expr.Pos(), expr, info)
	if err != nil {
		if problem, ok := err.(types.Error); ok {
			err = fmt.Errorf("%s", problem.Msg)
		}
		d.wrong("%s does not compile: %v", d.Declaration.From, err)
		return nil
	}
	return info.Types[expr].Type
}
