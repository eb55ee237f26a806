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

// resolve finds the type that from= names, and the methods of it that the interface is to
// have.
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
		d.wrong("%s is a constraint, which no value has as its type; name an interface that has methods only", d.Declaration.From)
		return
	}
	d.From = t
	d.Docs, d.Owners = map[string]Doc{}, map[string]string{}
	usable := map[string]*types.Func{}
	originals := map[string]*types.Func{}
	faults := map[string]string{} // why a method cannot be used
	var names []string
	for method := range types.NewMethodSet(t).Methods() {
		fn := method.Obj().(*types.Func)
		sig := gosrc.Exposed(method.Type().(*types.Signature), gosrc.TypeObject(t).Pkg(), m.pkg.Types)
		names = append(names, fn.Name())
		originals[fn.Name()] = fn
		if invalid(sig) {
			faults[fn.Name()] = "its declaration does not compile"
		} else if why := unwritable(fn, sig, m.pkg.Types); why != "" {
			faults[fn.Name()] = why
		}
		usable[fn.Name()] = types.NewFunc(d.Declaration.Pos(), m.pkg.Types, fn.Name(), validNames(sig))
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
			d.Methods = append(d.Methods, usable[name])
			d.Docs[name], d.Owners[name] = m.docs.of(m.pkg, originals[name]), receiverOf(originals[name])
		} else if pos, ok := d.Declaration.MethodPos(name); ok {
			d.report(codeDerived, pos, "%s cannot be a method of %s: %s", name, d.Declaration.Name, why)
		} else if ast.IsExported(name) {
			d.Omitted = append(d.Omitted, name)
		}
	}
	switch {
	case len(d.Methods) > 0 || len(d.problems) > 0:
	case len(d.Omitted) > 0:
		d.wrong("no method of %s can be in an interface of this package: of %s, %s", d.Declaration.From, d.Omitted[0], faults[d.Omitted[0]])
	default:
		d.wrong("%s has no exported methods; name the methods that you need with methods=", d.Declaration.From)
	}
}

// validNames returns a signature without receiver and without invalid names: in export
// data, some results without a name are called #rv1.
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

// wrong reports a mistake in from=.
func (d *Derived) wrong(format string, args ...any) {
	d.report(codeDerived, d.Declaration.FromPos(), "from: "+format, args...)
}

// fromType returns the type that from= names. It returns nil if there is none, which it
// reports.
func (m *Package) fromType(d *Derived) types.Type {
	name, args := d.Declaration.From, ""
	if i := strings.IndexByte(name, '['); i >= 0 {
		name, args = name[:i], name[i:]
	}
	if bare := strings.TrimLeft(name, "*&"); bare != name {
		d.wrong("write the type itself: from=%s; the interface has the methods of its pointer too", bare+args)
		return nil
	}
	qualifier, name, qualified := splitLast(name)
	if !token.IsIdentifier(name) {
		d.wrong("%q is not the name of a type; write a name as in Client, s3.Client, import/path.Client or Cache[string,int]", d.Declaration.From)
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
			d.wrong("%s is generic; write type arguments, as in from=%s[%s]", d.Declaration.From, d.Declaration.From, example)
			return nil
		}
	} else if t = m.instantiate(d, pkg, name, args); t == nil {
		return nil
	}
	if bad := gosrc.Unwritable(t, m.pkg.Types); bad != nil {
		d.wrong("%s", unnameable(bad))
		return nil
	}
	return t
}

// fromPackage returns the package of a type: qualifier is the name of an import of the
// file, or the path of a package. It returns nil if there is none, which it reports.
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
	reason, command := "there is no such package", ""
	if err := m.loadErrors[path]; err != nil {
		reason, command = splitHint(err.Error())
	}
	if command == "" {
		command = "go get " + path
	}
	if strings.Contains(reason, "-mod=vendor") {
		vendor := "go mod vendor"
		if m.pkg.InWorkspace() {
			vendor = "go work vendor"
		}
		d.wrong("package %s is not vendored, because nothing imports it yet; import it once, as in import _ %q, and run: %s", path, path, vendor)
	} else {
		d.wrong("package %s cannot be loaded; run: %s (%s)", path, command, reason)
	}
	return nil
}

// splitHint splits a message of the go command into what is wrong, on one line, and the
// command that it says to run: "X is missing; to add it:" and, on the next line, "go get X".
// The command is empty if the message has none.
func splitHint(message string) (reason, command string) {
	message = strings.TrimSpace(message)
	if line, more, ok := strings.Cut(message, ":\n"); ok && strings.HasPrefix(strings.TrimSpace(more), "go ") {
		if i := strings.LastIndex(line, "; to "); i >= 0 {
			command, _, _ = strings.Cut(strings.TrimSpace(more), "\n")
			return strings.Join(strings.Fields(line[:i]), " "), command
		}
	}
	return strings.Join(strings.Fields(message), " "), ""
}

// lookupType finds a type by its name. It returns nil if there is none, which it reports.
func (m *Package) lookupType(d *Derived, pkg *types.Package, name string) *types.TypeName {
	local := pkg == m.pkg.Types
	if why := m.importProblem(pkg); why != "" {
		d.wrong("package %s cannot be imported here, because it %s", pkg.Path(), why)
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
			d.wrong("%s", testOnly(name))
			return nil
		}
		if local && name == d.Declaration.Name {
			d.wrong("%s is the interface itself; name the type that it is made from", name)
			return nil
		}
		return obj
	case nil:
	default:
		d.wrong("%s is %s; name a type", d.Declaration.From, m.kind(obj))
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

// instantiate returns a generic type with type arguments, which stand in the source. It
// returns nil if they are wrong, which it reports.
func (m *Package) instantiate(d *Derived, pkg *types.Package, name, args string) types.Type {
	text := name + args
	if pkg != m.pkg.Types {
		text = "from." + text
	}
	expr, err := parser.ParseExprFrom(m.pkg.Fset, "from", text, parser.SkipObjectResolution)
	if err != nil {
		d.wrong("%s is not a type; write type arguments as in Cache[string,int]", d.Declaration.From)
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
