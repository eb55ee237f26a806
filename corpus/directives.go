package main

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

const runtimePath = "github.com/resilgen/resilgen/runtime"

// steps has the directives above an interface. Each step has several variants, and
// fewer directives than the step before. METHODS stands for the methods that return an
// error, with or without a context, and NAME for the name of the declaration.
var steps = [][][]string{
	{
		{"timeout 5s attempt=1s", "retry 3 budget=10%", "breaker", "limit 100/s burst=20 wait=10ms", "bulkhead 8", "classify all", "idempotent"},
		{"timeout 2s", "retry 4 backoff=fibonacci jitter=20% on=infrastructure budget=off", "breaker consecutive=off slow=1s per=method", "fallback", "idempotent"},
		{"wrap name=GuardedNAME", "timeout attempt=250ms methods=METHODS", "retry methods=METHODS", "idempotent methods=METHODS", "classify network,all methods=METHODS"},
		{"timeout 1s", "idempotent", "hedge 20ms max=2", "breaker mode=observe"},
		{"hedge 50ms methods=METHODS", "idempotent methods=METHODS", "retry methods=METHODS", "fallback methods=METHODS"},
		{"retry", "breaker", "classify all app=io.EOF,*io/fs.PathError infra=io.ErrUnexpectedEOF throttled=*net.OpError"},
	},
	{
		{"retry 3 methods=METHODS", "breaker methods=METHODS", "limit 10/60s methods=METHODS", "idempotent methods=METHODS"},
		{"idempotent methods=METHODS", "retry 2 backoff=constant jitter=none methods=METHODS", "limit 1000/m methods=METHODS", "fallback methods=METHODS"},
		{"idempotent methods=METHODS", "retry methods=METHODS", "bulkhead 4 wait=5ms per=method methods=METHODS", "fallback methods=METHODS"},
	},
	{
		{"breaker ratio=20% min=5 window=10s methods=METHODS", "limit 50/s methods=METHODS", "classify all methods=METHODS"},
		{"bulkhead 4 methods=METHODS", "breaker per=method methods=METHODS", "fallback methods=METHODS"},
	},
	{
		{"wrap"},
	},
}

// directives returns the comments above a declaration.
func directives(d *declaration) string {
	if d.step == len(steps) {
		return ""
	}
	variants := steps[d.step]
	var b strings.Builder
	for _, text := range variants[d.variant%len(variants)] {
		if len(d.methods) == 0 {
			text = strings.TrimSuffix(text, " methods=METHODS")
		}
		text = strings.ReplaceAll(text, "METHODS", strings.Join(d.methods, ","))
		text = strings.ReplaceAll(text, "NAME", d.name)
		fmt.Fprintf(&b, "//resil:%s\n", text)
	}
	return b.String()
}

// methodDirectives returns the comments above a method of an interface literal, and the
// source of the functions that they name. In the first two steps some methods have
// state, a retry, a classifier or a fallback of their own, or no policy.
func (f *file) methodDirectives(d *declaration, m *types.Func) (comments, functions string) {
	if d.step > 1 || !takesContext(m) || !returnsError(m) {
		return "", ""
	}
	own := (len(m.Name()) + d.variant) % 7
	var directives []string
	switch key := key(m); {
	case own == 0 && key != "":
		directives = []string{"limit 5/s keys=100 per=" + key}
	case own == 1 && d.step == 0:
		directives = []string{"retry 2 max=1s", "breaker open=5s"}
	case own == 2:
		directives = []string{"limit 5/s"}
	case own == 3 && key != "":
		directives = []string{"skip"}
	case own == 4:
		directives, functions = []string{"classify " + d.name + m.Name()}, f.classifier(d, m)
	case own == 5:
		directives, functions = []string{"fallback " + d.name + m.Name()}, f.fallback(d, m)
	case own == 6:
		directives = []string{"classify " + d.name + m.Name() + ",all app=io.EOF", "fallback"}
		functions = f.classifier(d, m)
		if key != "" {
			directives = append(directives, "bulkhead 2 per="+key)
		}
	}
	for _, text := range directives {
		comments += "//resil:" + text + "\n"
	}
	return comments, functions
}

// classifier returns the source of a classifier of a method's results. It is never
// called.
func (f *file) classifier(d *declaration, m *types.Func) string {
	params := f.typeParams(d)
	if m.Signature().Results().Len() == 1 {
		params = "" // a classifier of errors only
	}
	return fmt.Sprintf("func %s%s%s%s %s.Class { panic(0) }\n", d.name, m.Name(), params, f.tuple(m.Signature().Results()), f.imported(runtimePath, "resil"))
}

// fallback returns the source of a fallback function. It is never called.
func (f *file) fallback(d *declaration, m *types.Func) string {
	params := slices.Collect(m.Signature().Params().Variables())
	params = append(params, types.NewParam(token.NoPos, nil, "cause", types.Universe.Lookup("error").Type()))
	return fmt.Sprintf("func %s%s%s%s %s { panic(0) }\n", d.name, m.Name(), f.typeParams(d), f.tuple(types.NewTuple(params...)), f.tuple(m.Signature().Results()))
}

// tuple returns the source of parameters or results without names.
func (f *file) tuple(vars *types.Tuple) string {
	var list []string
	for v := range vars.Variables() {
		list = append(list, types.TypeString(v.Type(), f.qualify))
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// key returns an expression for per=, or "" if the parameters allow none.
func key(m *types.Func) string {
	for p := range m.Signature().Params().Variables() {
		if p.Name() == "" || p.Name() == "_" {
			continue
		}
		switch t := p.Type().(type) {
		case *types.Basic:
			if t.Info()&(types.IsString|types.IsInteger) != 0 {
				return "(" + p.Name() + ")" // per=method has another meaning
			}
		case *types.Slice, *types.Map:
			return "len(" + p.Name() + ")"
		}
	}
	return ""
}

func takesContext(m *types.Func) bool {
	for p := range m.Signature().Params().Variables() {
		if p.Type().String() == "context.Context" {
			return true
		}
	}
	return false
}

func returnsError(m *types.Func) bool {
	r := m.Signature().Results()
	return r.Len() > 0 && types.Identical(r.At(r.Len()-1).Type(), types.Universe.Lookup("error").Type())
}
