package model

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	"github.com/resilgen/resilgen/internal/directive"
)

// A Token says where a method takes an idempotency token, the same in all attempts of a
// call.
type Token struct {
	Param   int    // the index of the parameter
	Header  bool   // the parameter is an *http.Request, and the token is a header of it
	Field   string // of the struct, otherwise
	Pointer bool   // the parameter is a pointer to the struct
	Message bool   // the struct is a protocol buffer, which only its own package can copy

	FieldPointer bool       // the field is a pointer to a string
	FieldType    types.Type // the string type
}

// Text returns the token as a directive names it.
func (t *Token) Text(sig *types.Signature) string {
	if t.Header {
		return "header"
	}
	return sig.Params().At(t.Param).Name() + "." + t.Field
}

// resolveTokens finds the fields that idempotent directives name. What is wrong with one
// of them is reported once for all methods of which it is wrong.
func (m *Package) resolveTokens(src *Source, w *Wrapper) {
	type fault struct {
		pos       token.Pos
		suffix    string
		text      string // of token=
		message   string
		forOthers bool // the directive is not the method's own
	}
	var faults []fault
	methods := map[fault][]string{}
	fitting := map[token.Pos][]string{} // methods that have what token= names, by its position
	for _, method := range w.Methods {
		p := method.Policy.Idempotent
		if p == nil || p.Token == "" || method.Unwritable != "" {
			continue
		}
		found, message := findToken(method.Signature, p.Token, m.pkg.Types)
		pos, suffix := method.ReportPos(m.pkg.Fset, cmp.Or(method.Origins["idempotent.token"].ValuePos, method.directivePos("idempotent")))
		if message == "" {
			fitting[pos] = append(fitting[pos], method.Name)
			if method.Policy.Retry != nil || method.Policy.Hedge != nil { // else there is one attempt
				method.Token = found
			}
			continue
		}
		f := fault{pos, suffix, p.Token, message, !method.OnMethod["idempotent"]}
		if methods[f] == nil {
			faults = append(faults, f)
		}
		methods[f] = append(methods[f], method.Name)
	}
	for _, f := range faults {
		names := methods[f]
		fix := ""
		if others := fitting[f.pos]; f.forOthers && others != nil {
			fix = "; write methods=" + strings.Join(others, ",") + ", the methods that can"
		}
		src.Report(codeToken, f.pos, "token=%s does not fit %s: %s%s%s", f.text, directive.Few(names), f.message, f.suffix, fix)
	}
}

// findToken finds what token= names among the parameters of a method. If there is no such
// field, it returns what is wrong.
func findToken(sig *types.Signature, text string, from *types.Package) (*Token, string) {
	params := sig.Params()
	if text == "header" {
		for i := range params.Len() {
			if p, ok := types.Unalias(params.At(i).Type()).(*types.Pointer); ok && isNamed(p.Elem(), "net/http", "Request") {
				return &Token{Param: i, Header: true}, ""
			}
		}
		return nil, "no parameter is an *http.Request; write token=PARAM.FIELD"
	}
	param, field, ok := strings.Cut(text, ".")
	if !ok || !token.IsIdentifier(param) || !token.IsIdentifier(field) {
		return nil, "write a parameter and a field of it, as in token=in.ClientToken, or token=header"
	}
	var names []string
	i := -1
	for k := range params.Len() {
		name := params.At(k).Name()
		if name == param {
			i = k
		}
		if name != "" && name != "_" && structOf(params.At(k).Type()) != nil {
			names = append(names, name)
		}
	}
	if i < 0 {
		message := "there is no parameter " + param
		switch near := directive.Nearest(param, names); {
		case near != "":
			message += fmt.Sprintf("; did you mean %q?", near)
		case len(names) == 1:
			message += "; write token=" + names[0] + "." + field
		case len(names) > 1:
			message += "; write " + directive.OneOf(names)
		}
		return nil, message
	}
	if structOf(params.At(i).Type()) == nil {
		return nil, param + " is no struct and no pointer to one"
	}
	return tokenIn(params, i, field, from)
}

// tokenIn returns the token that is a field of the parameter with index i, a struct or a
// pointer to one. If it cannot be one, it returns what is wrong.
func tokenIn(params *types.Tuple, i int, field string, from *types.Package) (*Token, string) {
	t := params.At(i).Type()
	s := structOf(t)
	found := &Token{Param: i, Field: field}
	_, found.Pointer = t.Underlying().(*types.Pointer)
	obj, message := ownField(t, s, field, from)
	if message != "" {
		return nil, message
	}
	found.FieldType = obj.Type()
	if p, ok := types.Unalias(obj.Type()).(*types.Pointer); ok {
		found.FieldPointer, found.FieldType = true, p.Elem()
	}
	if b, ok := found.FieldType.Underlying().(*types.Basic); !ok || b.Kind() != types.String {
		return nil, "it is " + gosrc.Article(obj.Type()) + ", and a token needs a string or *string"
	}
	if bad := gosrc.Unwritable(found.FieldType, from); bad != nil {
		return nil, unnameable(bad)
	}
	if holdsLock(s) {
		if !found.Pointer || !isMessage(t) {
			return nil, "the struct holds a lock, so that it cannot be copied; set the token before the call, and write idempotent without token="
		}
		found.Message = true
	}
	return found, ""
}

// structOf returns the struct that t is or points to; nil for other types.
func structOf(t types.Type) *types.Struct {
	s, _ := deref(t).Underlying().(*types.Struct)
	return s
}

// ownField finds an exported field that belongs to the struct itself or to a struct
// embedded in it: a copy has one of its own.
func ownField(t types.Type, s *types.Struct, name string, from *types.Package) (*types.Var, string) {
	obj, path, _ := types.LookupFieldOrMethod(t, true, from, name)
	f, ok := obj.(*types.Var)
	if !ok || !f.Exported() && f.Pkg() != from {
		var names []string
		for f := range s.Fields() {
			if ast.IsExported(f.Name()) {
				names = append(names, f.Name())
			}
		}
		if near := directive.Nearest(name, names); near != "" {
			return nil, fmt.Sprintf("there is no field %s; did you mean %q?", name, near)
		}
		return nil, "there is no field " + name
	}
	for _, i := range path[:len(path)-1] {
		embedded, ok := s.Field(i).Type().Underlying().(*types.Struct)
		if !ok {
			return nil, "the field is the struct's to which " + s.Field(i).Name() + " points, and a copy would share it"
		}
		s = embedded
	}
	return f, ""
}

// holdsLock reports whether a copy of the struct would copy a lock, as go vet says.
func holdsLock(s *types.Struct) bool {
	return slices.ContainsFunc(slices.Collect(s.Fields()), func(f *types.Var) bool { return isLock(f.Type()) })
}

func isLock(t types.Type) bool {
	if array, ok := t.Underlying().(*types.Array); ok {
		return isLock(array.Elem())
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	p := types.NewPointer(t)
	return hasMethod(p, "Lock", "func()") && hasMethod(p, "Unlock", "func()") && !hasMethod(t, "Lock", "func()") || holdsLock(s)
}

// isMessage reports whether t is a protocol buffer.
func isMessage(t types.Type) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "ProtoReflect")
	_, ok := obj.(*types.Func)
	return ok
}
