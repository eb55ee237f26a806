package model

import (
	"go/types"
	"strconv"
	"strings"
)

// usedUp returns the first parameter that an attempt uses up, so that another cannot do
// the same with it, and says what it is. A parameter without a name is called by its
// number, the first being 1. It returns "" if there is none.
func (l *lifetimes) usedUp(sig *types.Signature) (name, what string) {
	params := sig.Params()
	for i := range params.Len() {
		v := params.At(i)
		if isRequest(v.Type()) {
			continue // each attempt gets a copy of its own
		}
		what := find(v.Type(), search{is: readOnce, skips: isSetting}, &l.usedUps)
		if variadic := sig.Variadic() && i == params.Len()-1; what == "" && !variadic && isCallback(v.Type()) {
			what = "a function that is called along the way"
		}
		if what == "" {
			continue
		}
		if name := v.Name(); name != "" && name != "_" {
			return name, what
		}
		return strconv.Itoa(i + 1), what
	}
	return "", ""
}

// readOnce describes a type whose values an attempt uses up: it reads them, leaves a part
// of its output in them, or ends them. It returns "" for others.
func readOnce(t types.Type) string {
	switch {
	case isChan(t):
		return "a channel"
	case isIterator(t):
		return describe(t, "an iterator, which may give its values only once")
	case isReader(t):
		return describe(t, "io.Reader")
	case hasMethod(t, "Write", "func([]byte) (int, error)"):
		return describe(t, "io.Writer")
	case hasMethod(t, "Next", "func() bool"):
		return describe(t, "read by Next")
	case hasMethod(t, "Scan", "func() bool"):
		return describe(t, "read by Scan")
	case isTransaction(deref(t)):
		return describe(t, "lost when an attempt fails")
	}
	return ""
}

// isTransaction reports whether a connection to a database, with what is not committed on
// it, is lost when a call with the value fails.
func isTransaction(t types.Type) bool {
	if isNamed(t, "database/sql", "Tx") || isNamed(t, "database/sql", "Conn") {
		return true
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Name() == "Tx" &&
		strings.HasPrefix(named.Obj().Pkg().Path()+"/", "github.com/jackc/pgx/")
}

// isCallback reports whether t is a function that gets something and may fail, as one that
// is called for each item.
func isCallback(t types.Type) bool {
	sig, ok := t.Underlying().(*types.Signature)
	return ok && sig.Params().Len() > 0 && sig.Results().Len() == 1 && types.Identical(sig.Results().At(0).Type(), errorType)
}

// isSetting reports whether the field of a parameter is for something beside the call's
// data: who shows progress, a log, or a file that the caller keeps open.
func isSetting(f *types.Var) bool {
	t := deref(f.Type())
	return f.Name() == "Progress" || isNamed(t, "os", "File") || isNamed(t, "crypto/tls", "Config")
}
