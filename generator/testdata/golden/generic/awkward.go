package generic

import stdcontext "context"

// Awkward has type parameters named like what generated code needs.
//
//resil:breaker
type Awkward[resil, context any, string comparable, error any] interface {
	Get(ctx Context, a resil, b context, c string, d error) (x map[string]resil, y error, err Error)
}

type (
	Context = stdcontext.Context
	Error   = error
)
