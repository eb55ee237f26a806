package main

import (
	"fmt"
	"go/types"
	"strings"
)

// ladder has the directives for an interface, fewer on each rung. METHODS stands
// for the methods that return an error, whether they take a context or not, and
// NAME for the declaration. The declarations of a rung take its entries in turn.
var ladder = [][][]string{
	{
		{"timeout 5s attempt=1s", "retry 3 budget=10%", "breaker", "limit 100/s burst=20 wait=10ms", "bulkhead 8", "classify all"},
		{"timeout 2s", "retry 4 backoff=fibonacci jitter=20% on=infrastructure budget=off", "breaker consecutive=off slow=1s per=method", "fallback"},
		{"wrap name=GuardedNAME", "timeout attempt=250ms methods=METHODS", "retry methods=METHODS", "classify network,all methods=METHODS"},
		{"timeout 1s", "idempotent", "hedge 20ms max=2", "breaker mode=observe"},
		{"hedge 50ms methods=METHODS", "idempotent methods=METHODS", "retry methods=METHODS", "fallback methods=METHODS"},
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

// directives are the comments above a declaration.
func directives(d *declaration) string {
	if d.rung == len(ladder) {
		return ""
	}
	rung := ladder[d.rung]
	var b strings.Builder
	for _, text := range rung[d.turn%len(rung)] {
		if len(d.names) == 0 {
			text = strings.TrimSuffix(text, " methods=METHODS")
		}
		text = strings.ReplaceAll(text, "METHODS", strings.Join(d.names, ","))
		text = strings.ReplaceAll(text, "NAME", d.name)
		fmt.Fprintf(&b, "//resil:%s\n", text)
	}
	return b.String()
}

// methodDirectives are the comments above a method that is spelled out. On the
// upper rungs some methods have state or a retry of their own, or no policy.
func methodDirectives(d *declaration, m *types.Func) string {
	if d.rung > 1 || !takesContext(m) || !returnsError(m) {
		return ""
	}
	own := len(m.Name()) % 4
	switch key := key(m); {
	case own == 0 && key != "":
		return "//resil:limit 5/s keys=100 per=" + key + "\n"
	case d.rung == 0 && own == 1:
		return "//resil:retry 2 max=1s\n//resil:breaker open=5s\n"
	case own == 2:
		return "//resil:limit 5/s\n"
	case own == 3 && key != "":
		return "//resil:skip\n"
	}
	return ""
}

// key is a parameter that state can be kept by.
func key(m *types.Func) string {
	for p := range m.Signature().Params().Variables() {
		basic, ok := p.Type().(*types.Basic)
		if ok && basic.Info()&(types.IsString|types.IsInteger) != 0 && p.Name() != "" && p.Name() != "_" {
			return p.Name()
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
