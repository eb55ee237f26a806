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
	p := pruner{parts: map[string][]ast.Node{}, needed: map[string]bool{}}
	for _, f := range files {
		for _, decl := range f.Decls {
			p.declare(decl)
		}
	}
	for _, name := range p.exported {
		p.need(name)
	}
	for len(p.todo) > 0 {
		part := p.todo[len(p.todo)-1]
		p.todo = p.todo[:len(p.todo)-1]
		p.visit(part)
	}
	for _, f := range files {
		f.Decls = slices.DeleteFunc(f.Decls, p.remove)
	}
}

// A pruner finds the declarations of a package that exported ones need.
type pruner struct {
	parts    map[string][]ast.Node // what declares a name, and for types the signatures of methods
	exported []string
	needed   map[string]bool
	todo     []ast.Node // parts of needed names that are not visited
}

// declare notes what a declaration declares. It removes bodies, and values where there is
// a type.
func (p *pruner) declare(decl ast.Decl) {
	add := func(name string, part ast.Node) {
		p.parts[name] = append(p.parts[name], part)
		if token.IsExported(name) {
			p.exported = append(p.exported, name)
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		decl.Body = nil
		if decl.Recv == nil {
			add(decl.Name.Name, decl.Type)
		} else if base := Receiver(decl); base != "" {
			p.parts[base] = append(p.parts[base], decl.Recv, decl.Type)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(spec.Name.Name, spec)
			case *ast.ValueSpec:
				if decl.Tok == token.CONST {
					p.todo = append(p.todo, spec) // it may repeat the one before it, or count with iota
					continue
				}
				if spec.Type != nil {
					spec.Values = nil
				}
				for _, name := range spec.Names {
					add(name.Name, spec)
				}
			}
		}
	}
}

// need notes that a name is needed.
func (p *pruner) need(name string) {
	if !p.needed[name] {
		p.needed[name] = true
		p.todo = append(p.todo, p.parts[name]...)
	}
}

// visit notes the names that a needed part needs. It removes what does not decide a type.
func (p *pruner) visit(part ast.Node) {
	ast.Inspect(part, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			p.need(n.Name)
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

// remove reports whether nothing needs a declaration. If something needs a part of it, it
// removes the other parts.
func (p *pruner) remove(decl ast.Decl) bool {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv != nil {
			return !p.needed[Receiver(decl)]
		}
		return !p.needed[decl.Name.Name]
	case *ast.GenDecl:
		if decl.Tok == token.VAR || decl.Tok == token.TYPE {
			decl.Specs = slices.DeleteFunc(decl.Specs, func(spec ast.Spec) bool {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					return !p.needed[spec.Name.Name]
				case *ast.ValueSpec:
					return !slices.ContainsFunc(spec.Names, func(name *ast.Ident) bool { return p.needed[name.Name] })
				}
				return false
			})
		}
		return len(decl.Specs) == 0
	}
	return false
}

func isEllipsis(length ast.Expr) bool {
	_, ok := length.(*ast.Ellipsis)
	return ok
}

// Receiver returns the name of the type that a method is declared on, and "" for a function.
func Receiver(decl *ast.FuncDecl) string {
	if decl.Recv.NumFields() == 0 {
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
