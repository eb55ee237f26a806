package load

import (
	"go/ast"
	"go/token"
	"slices"
)

// prune removes from the files of a package what other packages cannot refer to. It
// leaves the exported declarations and those that they need. Needs are found by name,
// so that it may leave too much. It removes bodies, and values that do not decide a
// type.
func prune(files []*ast.File) {
	parts := map[string][]ast.Node{} // by the name that they belong to
	keep := map[string]bool{}
	var exported []string
	var todo []ast.Node
	declare := func(name string, part ast.Node) {
		parts[name] = append(parts[name], part)
		if token.IsExported(name) {
			exported = append(exported, name)
		}
	}
	for _, f := range files {
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				decl.Body = nil
				if decl.Recv == nil {
					declare(decl.Name.Name, decl.Type)
				} else if base := receiver(decl); base != "" {
					parts[base] = append(parts[base], decl.Recv, decl.Type)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						declare(spec.Name.Name, spec)
					case *ast.ValueSpec:
						if decl.Tok == token.CONST {
							todo = append(todo, spec) // it may repeat the one before it, or count with iota
							continue
						}
						if spec.Type != nil {
							spec.Values = nil
						}
						for _, name := range spec.Names {
							declare(name.Name, spec)
						}
					}
				}
			}
		}
	}
	want := func(name string) {
		if !keep[name] {
			keep[name] = true
			todo = append(todo, parts[name]...)
		}
	}
	for _, name := range exported {
		want(name)
	}
	for len(todo) > 0 {
		part := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		ast.Inspect(part, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				want(n.Name)
			case *ast.FuncLit:
				n.Body = &ast.BlockStmt{}
			case *ast.CompositeLit:
				if array, ok := n.Type.(*ast.ArrayType); !ok || !isEllipsis(array.Len) {
					n.Elts = nil
				}
			}
			return true
		})
	}
	for _, f := range files {
		f.Decls = slices.DeleteFunc(f.Decls, func(decl ast.Decl) bool {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv != nil {
					return !keep[receiver(decl)]
				}
				return !keep[decl.Name.Name]
			case *ast.GenDecl:
				if decl.Tok == token.VAR || decl.Tok == token.TYPE {
					decl.Specs = slices.DeleteFunc(decl.Specs, func(spec ast.Spec) bool {
						switch spec := spec.(type) {
						case *ast.TypeSpec:
							return !keep[spec.Name.Name]
						case *ast.ValueSpec:
							return !slices.ContainsFunc(spec.Names, func(name *ast.Ident) bool { return keep[name.Name] })
						}
						return false
					})
				}
				return len(decl.Specs) == 0
			}
			return false
		})
	}
}

func isEllipsis(length ast.Expr) bool {
	_, ok := length.(*ast.Ellipsis)
	return ok
}

// receiver returns the name of the type that a method is declared on.
func receiver(decl *ast.FuncDecl) string {
	if len(decl.Recv.List) == 0 {
		return ""
	}
	typ := decl.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.ParenExpr:
			typ = t.X
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}
