package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// reportShortLived reports a construction for each request, or for each turn of a loop,
// whose wrapper does not outlive it: its breaker, limits and budget begin again each time.
// It reports only what is certain: the wrapper is a variable of the handler or of the
// loop's body, and nothing but its methods is used, outside other loops and functions.
func reportShortLived(pass *analysis.Pass, at inspector.Cursor, c construction) {
	call := at.Node().(*ast.CallExpr)
	scope, each := repeated(pass, at, c)
	name, ok := c.wrapper.(*ast.Ident)
	if scope == nil || !ok {
		return
	}
	obj := pass.TypesInfo.Defs[name]
	if obj == nil { // it is assigned to a variable that is declared before
		obj = pass.TypesInfo.Uses[name]
	}
	if _, ok := obj.(*types.Var); !ok || obj.Pos() < scope.Pos() || scope.End() <= obj.Pos() || escapes(pass, at, scope, obj) {
		return
	}
	report(pass, codeShortLived, analysis.Diagnostic{Pos: call.Pos(), End: call.End(),
		Message: fmt.Sprintf("%s is called for each %s, so that no breaker, limit or budget of the wrapper ever learns from an earlier call; call it once, where the program starts, and keep the wrapper", c.function, each)})
}

// repeated returns the body of the loop or of the handler in which a construction stands,
// and what it is done for; nil if it may be done once.
func repeated(pass *analysis.Pass, at inspector.Cursor, c construction) (scope *ast.BlockStmt, each string) {
	for {
		inner := at.Node()
		at = at.Parent()
		var body *ast.BlockStmt
		switch outer := at.Node().(type) {
		case *ast.File, nil:
			return nil, ""
		case *ast.ForStmt:
			body = outer.Body
		case *ast.RangeStmt:
			body = outer.Body
		case *ast.FuncDecl:
			sig, _ := pass.TypesInfo.Defs[outer.Name].Type().(*types.Signature)
			if sig != nil && (isHandler(sig) || outer.Recv != nil && outer.Name.IsExported() && isCallOfService(sig)) && !constructs(outer.Name.Name) {
				return outer.Body, "request"
			}
			return nil, ""
		case *ast.FuncLit:
			if sig, _ := pass.TypesInfo.TypeOf(outer).(*types.Signature); sig != nil && isHandler(sig) {
				return outer.Body, "request"
			}
			return nil, ""
		}
		if body != nil && inner == body {
			// Each turn may have an implementation of its own to wrap.
			wrapped := variableOf(pass, c.wrapped)
			if wrapped == nil || body.Pos() <= wrapped[0].Pos() && wrapped[0].Pos() < body.End() || wrapped[0].Pos() >= at.Node().Pos() && wrapped[0].Pos() < body.Pos() || startsProgram(at) {
				return nil, ""
			}
			return body, "turn of this loop"
		}
	}
}

// startsProgram reports whether a loop stands in a function that runs once.
func startsProgram(at inspector.Cursor) bool {
	for decl := range at.Enclosing((*ast.FuncDecl)(nil)) {
		name := decl.Node().(*ast.FuncDecl).Name.Name
		return name == "main" || name == "init" || constructs(name)
	}
	return true
}

// constructs reports whether a function of that name makes what is kept.
func constructs(name string) bool {
	return strings.HasPrefix(name, "New") || strings.HasPrefix(name, "new")
}

// isHandler reports whether a function serves HTTP requests.
func isHandler(sig *types.Signature) bool {
	p := sig.Params()
	return p.Len() >= 2 && isNamed(p.At(0).Type(), "net/http", "ResponseWriter") && isPointerTo(p.At(1).Type(), func(t types.Type) bool { return isNamed(t, "net/http", "Request") })
}

// isCallOfService reports whether a method has the shape of a gRPC service's.
func isCallOfService(sig *types.Signature) bool {
	p, r := sig.Params(), sig.Results()
	return p.Len() == 2 && r.Len() == 2 && isNamed(p.At(0).Type(), "context", "Context") && returnsError(sig) &&
		isPointerTo(p.At(1).Type(), isStruct) && isPointerTo(r.At(0).Type(), isStruct)
}

func isPointerTo(t types.Type, is func(types.Type) bool) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && is(pointer.Elem())
}

func isStruct(t types.Type) bool {
	_, named := types.Unalias(t).(*types.Named)
	_, ok := t.Underlying().(*types.Struct)
	return ok && named
}

// escapes reports whether a wrapper may be used after the scope of its variable, or
// several times in it: if anything but a call of a method or a comparison has it, or if a
// function or a loop inside the scope has it.
func escapes(pass *analysis.Pass, at inspector.Cursor, scope *ast.BlockStmt, wrapper types.Object) bool {
	for is[ast.Node](at) && at.Node() != scope {
		at = at.Parent()
	}
	used := false
	for use := range at.Preorder((*ast.Ident)(nil)) {
		if pass.TypesInfo.Uses[use.Node().(*ast.Ident)] != wrapper {
			continue
		}
		outer := parent(use)
		switch x := outer.Node().(type) {
		case *ast.SelectorExpr:
			call, ok := parent(outer).Node().(*ast.CallExpr)
			if !ok || ast.Unparen(call.Fun) != x || x.Sel.Name == "Resilience" {
				return true
			}
			used = true
		case *ast.BinaryExpr:
			if x.Op != token.EQL && x.Op != token.NEQ {
				return true
			}
		case *ast.AssignStmt:
			if len(x.Rhs) != 1 || !isAssigned(x, use.Node()) {
				return true
			}
		default:
			return true
		}
		for inside := use.Parent(); inside.Node() != scope; inside = inside.Parent() {
			if is[*ast.FuncLit](inside) || is[*ast.ForStmt](inside) || is[*ast.RangeStmt](inside) {
				return true
			}
		}
	}
	return !used
}

func isAssigned(s *ast.AssignStmt, x ast.Node) bool {
	for _, target := range s.Lhs {
		if target == x {
			return true
		}
	}
	return false
}
